"""Java's options for the Spark of tests, whose processes live for seconds: less compiled, classes from an archive.

Much of the processor time of such a process goes into loading and compiling the same classes. Java keeps
them, loaded and verified, in an archive beside this environment; a Java or Spark that it does not fit ignores it.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for short lives: less compiled, one thread that collects
_MAKE_S = 600

# A session like that of the tests, which reads, joins and gives rows back, and so loads most of what they need.
_MAKE = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession
place, options = sys.argv[1:]
settings = {
    "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false",
    "spark.driver.extraJavaOptions": options, "spark.local.dir": place, "spark.sql.shuffle.partitions": "2",
    "spark.sql.warehouse.dir": str(Path(place) / "warehouse"),
}
builder = SparkSession.builder.master("local[2]")
for key, value in settings.items():
    builder = builder.config(key, value)
session = builder.getOrCreate()
path = str(Path(place) / "rows.parquet")
session.range(100).selectExpr("id", "id * 0.5D AS x", "CAST(id % 3 AS STRING) AS c").write.parquet(path)
session.read.parquet(path).createOrReplaceTempView("rows")
query = "SELECT a.id AS id, sum(b.x) AS x, max(CASE WHEN a.x > 1 THEN b.c END) AS c FROM rows a JOIN rows b USING (c) GROUP BY a.id"
session.sql(query).toArrow()
session.read.parquet(path).mapInArrow(lambda batches: batches, "id long, x double, c string").count()
java = session.sparkContext._gateway.proc
session.stop()
java.stdin.close()  # it ends with its standard input, and writes the archive then
java.wait()
"""


@functools.cache
def java_options() -> str:
    """The options, with the archive; it is made where there is none, and done without where that fails."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        path = _archive()
        if path.exists() or _made(path):
            return f"{QUICK} -XX:SharedArchiveFile={path} -Xlog:disable"  # a warning would be among the results
    return QUICK


def _archive() -> Path:
    """Where the archive is kept: beside the packages of this environment, by Java and Spark."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else Path(shutil.which("java") or "java")
    about = java.resolve(strict=True).stat()
    of = f"{java.resolve()} {about.st_size} {about.st_mtime_ns} {metadata.version('pyspark')}"
    return Path(sys.prefix) / f"spark-{hashlib.sha256(of.encode()).hexdigest()[:12]}.jsa"


def _made(path: Path) -> bool:
    """Whether the archive was made now; another process that makes it is not waited for."""
    place = path.with_suffix(".making")
    place.mkdir(exist_ok=True)
    new = place / path.name
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        words = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            _MAKE,
            place,
            f"{QUICK} -XX:ArchiveClassesAtExit={new} -Xlog:disable",
        ]
        here = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
        try:
            subprocess.run(
                [str(word) for word in words], env=here, cwd=place, check=True, capture_output=True, timeout=_MAKE_S
            )
            new.replace(path)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return True
