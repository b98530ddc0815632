"""Source "records": public tables and crawls of the Hub, read into one set of tables."""

from replication.sources.records.record_set import Records, load, paths
from replication.sources.records.source import RECORDS, fetch, read

__all__ = ["RECORDS", "Records", "fetch", "load", "paths", "read"]
