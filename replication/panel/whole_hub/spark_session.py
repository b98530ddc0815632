"""How a Spark session is started: by Spark's own configuration, else on two threads of this machine."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import warnings
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from replication.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER = "SPARK_MASTER"
LOCAL = "local[2]"
SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.exponentLiteralAsDecimal.enabled": "false",
}
"""What the numbers rest on, whatever else is configured: an overflow is an error, 1e3 is a double."""
DEFAULTS = {
    "spark.app.name": "replication",
    "spark.driver.memory": "2g",
    "spark.eventLog.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What holds where Spark's own configuration says nothing else."""
_QUIET = """
status = off
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = off
"""  # what goes wrong comes as an exception; without an appender Spark takes its own settings
_LONG = {"--master": "spark.master", "--driver-memory": "spark.driver.memory"}


def session(folder: Path) -> tuple[SparkSession, bool]:
    """A session, and whether it is ours to stop: one beside an active session is not.

    Parameters
    ----------
    folder
        Folder of the run: what Spark keeps on this machine goes to `spill` of it.

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
    made, is_ours = (active.newSession(), False) if active else (_started(folder), True)
    for key, value in SEMANTICS.items():
        made.conf.set(key, value)
    return made, is_ours


def settings(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What a session is started with, less what Spark's own configuration says.

    Parameters
    ----------
    folder
        Folder of the run.
    environment
        Variables of the environment: SPARK_MASTER, SPARK_CONF_DIR, SPARK_HOME, PYSPARK_SUBMIT_ARGS,
        and PYSPARK_GATEWAY_PORT, which spark-submit sets: then all is decided.
    """
    if "PYSPARK_GATEWAY_PORT" in environment:
        return {}
    configured = _of_files(environment) | _of_arguments(environment)
    master = environment.get(MASTER, "")
    ours = DEFAULTS | ({"spark.master": master} if master else {})
    if master.startswith("local") or (not master and "spark.master" not in configured):
        ours = _on_this_machine(folder) | ours
    return {key: value for key, value in ours.items() if key not in configured}


def spill(folder: Path) -> Path:
    """What Spark keeps on this machine."""
    return folder / "spark-spill"


def _on_this_machine(folder: Path) -> dict[str, str]:
    """Settings where no master is named: quiet, and no port is opened to other machines."""
    return {
        "spark.master": LOCAL,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(spill(folder)),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_log(folder).as_uri()}",
    }


def _log(folder: Path) -> Path:
    return spill(folder) / "log4j2.properties"


def _of_files(environment: Mapping[str, str]) -> set[str]:
    """Keys of spark-defaults.conf."""
    home = environment.get("SPARK_HOME", "")
    folder = environment.get("SPARK_CONF_DIR", "") or (f"{home}/conf" if home else "")
    path = Path(folder) / "spark-defaults.conf"
    lines = path.read_text(encoding="utf-8").splitlines() if folder and path.is_file() else []
    return {re.split(r"[\s=:]", line.strip(), maxsplit=1)[0] for line in lines}


def _of_arguments(environment: Mapping[str, str]) -> set[str]:
    """Keys of PYSPARK_SUBMIT_ARGS."""
    words: list[str] = []
    for word in shlex.split(environment.get("PYSPARK_SUBMIT_ARGS", "")):
        words += word.split("=", 1) if word.startswith("--") else [word]
    options = [*pairwise(words)]
    given = {value.partition("=")[0] for word, value in options if word in {"--conf", "-c"}}
    return given | {_LONG[word] for word, _ in options if word in _LONG}


def _started(folder: Path) -> SparkSession:
    """A session of our own."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _require_java()
    shutil.rmtree(spill(folder), ignore_errors=True)
    spill(folder).mkdir(parents=True)
    _log(folder).write_text(_QUIET, encoding="utf-8")
    builder = SparkSession.builder
    for key, value in settings(folder, os.environ).items():
        builder = builder.config(key, value)
    try:
        with warnings.catch_warnings():  # of a pandas that Spark does not know: Arrow is exchanged
            warnings.simplefilter("ignore", FutureWarning)
            return builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise SourceError(
            f"Spark does not start: {str(error).splitlines()[0]}",
            "Spark 4 needs Java 17 or newer, and SPARK_MASTER a master that answers; "
            "or ENGINE=duckdb, which needs neither",
        ) from None


def _require_java() -> None:
    """Say that Java is missing before Spark's launcher does, in many lines."""
    home = os.environ.get("JAVA_HOME", "")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise SourceError(
            "JAVA_HOME holds no Java" if home else "Java is not installed",
            "install Java 17 or newer; or ENGINE=duckdb, which needs none",
        )
