"""Every definition of a run: definitions.toml, and the typed model that it is read into."""

from replication.definitions.model import *  # noqa: F403
from replication.definitions.model import PACKAGED as PACKAGED
from replication.definitions.model import load_definitions as load_definitions
