"""How a Spark session is started: by Spark's own configuration, else on two threads of this machine."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from replication.errors import SourceError

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.exponentLiteralAsDecimal.enabled": "false",
}
"""What the numbers rest on, whatever else is configured: an overflow is an error, 1e3 is a double."""


LOCAL, MEMORY = "local[2]", "2g"
"""Master and memory of the driver, as variables that Spark's launcher takes where nothing else says."""
DEFAULTS = {"spark.eventLog.enabled": "false", "spark.ui.enabled": "false"}
"""What holds where Spark's own configuration has nothing else."""
PROGRESS = "spark.ui.showConsoleProgress"
"""Spark's own progress, which its launcher turns on: the panel's steps are shown instead."""


def session(folder: Path) -> tuple[SparkSession, bool]:
    """A session, and whether it is ours to stop: one beside an active session is not.

    Parameters
    ----------
    folder
        Receives what Spark keeps on this machine.

    Raises
    ------
    SourceError
        pyspark or Java is not installed, or Spark does not start.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SourceError(
            f"Spark's Python package is not installed: {error}",
            "make spark installs it; or ENGINE=duckdb, which needs nothing",
        ) from None
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    active = SparkSession.getActiveSession()
    spark, is_ours = (active.newSession(), False) if active else (_started(folder), True)
    for key, value in SEMANTICS.items():
        spark.conf.set(key, value)
    return spark, is_ours


def settings(folder: Path) -> SparkConf:
    """What Spark is configured to, and `DEFAULTS` where that is silent.

    Spark's launcher reads spark-defaults.conf and the arguments; on one machine no port is opened to
    others, and what Spark keeps on disk goes to `folder`.
    """
    from pyspark import SparkConf, SparkContext

    os.environ.setdefault("MASTER", os.environ.get("SPARK_MASTER", LOCAL))
    os.environ.setdefault("SPARK_DRIVER_MEMORY", MEMORY)
    SparkContext._ensure_initialized()  # noqa: SLF001 - else the configuration is not known yet
    conf, ours = SparkConf(), dict(DEFAULTS)
    if conf.get("spark.master", "").startswith("local"):
        ours |= dict.fromkeys(("spark.driver.host", "spark.driver.bindAddress"), "127.0.0.1")
        if "," not in str(folder):  # which separates several folders; Spark then takes its own
            folder.mkdir(parents=True, exist_ok=True)
            ours["spark.local.dir"] = str(folder)
            ours["spark.sql.warehouse.dir"] = f"file://{folder}/warehouse"
    for key, value in ours.items():
        conf.setIfMissing(key, value)
    return conf.set(PROGRESS, "false")


def _started(folder: Path) -> SparkSession:
    """A session of our own."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _require_java()
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left
    try:
        with warnings.catch_warnings():  # of a pandas that Spark does not know: Arrow is exchanged
            warnings.simplefilter("ignore", FutureWarning)
            spark = SparkSession.builder.config(conf=settings(folder)).getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise SourceError(
            f"Spark does not start: {str(error).splitlines()[0]}",
            "Spark 4 needs Java 17 or newer, and SPARK_MASTER a master that answers; "
            "or ENGINE=duckdb, which needs neither",
        ) from None
    spark.sparkContext.setLogLevel("OFF")  # an error comes as an exception
    return spark


def _require_java() -> None:
    """Refuse a machine without Java before Spark's launcher prints many lines."""
    home = os.environ.get("JAVA_HOME", "")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise SourceError(
            "JAVA_HOME holds no Java" if home else "Java is not installed",
            "install Java 17 or newer; or ENGINE=duckdb, which needs none",
        )
