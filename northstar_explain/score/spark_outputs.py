"""What a run on Spark writes: scores, rejected rows and report, in any file system that Spark knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.score.counts import Tally

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def places(out: str) -> tuple[str, str, str]:
    """Where scores, rejected rows and report go.

    Parameters
    ----------
    out : str
        A path for a folder, wherever Spark can write.

    Returns
    -------
    tuple of str
    """
    scores = out.rstrip("/")
    if scores.rsplit("/", 1)[-1].endswith((".parquet", ".csv", ".arrow")):
        todo = "Leave the ending out."
        raise OutputError(out, [Fault("output", "a path for a folder", "one with a file's ending", todo)])
    return scores, f"{scores}.rejected.parquet", f"{scores}.report.json"


class SparkOutputs:
    """The outputs, in any file system that Spark knows: written beside, counted, then renamed."""

    def __init__(self, spark: SparkSession, names: tuple[str, str, str], overwrite: bool):
        self._spark = spark
        self.scores, self._rejects, self._report = names
        self._paths = spark.sparkContext._jvm.org.apache.hadoop.fs.Path  # type: ignore[union-attr]
        settings = spark.sparkContext._jsc.hadoopConfiguration()
        self._files = self._paths(self.scores).getFileSystem(settings)
        for place in names:
            if not overwrite and self._files.exists(self._paths(place)):
                todo = "Choose another path, or give --overwrite to replace it."
                raise OutputError(place, [Fault("output", "a path that is free", "one that exists", todo)])

    def write(self, done: DataFrame, tally: Tally) -> list[dict[str, Any]]:
        """Write scores and rejected rows beside their places, and read back how many there are."""
        targets = {"scores": (self.scores, tally.scored), "rejected": (self._rejects, tally.rejected)}
        facts = []
        for kind, (place, rows) in targets.items():
            if kind == "rejected" and not rows:
                continue
            beside = _beside(place)
            # Overwritten: at this name of ours there can only be what a killed run left.
            done.where(f"{kind} is not null").select(f"{kind}.*").write.mode("overwrite").parquet(beside)
            # Read back: file systems of clusters differ in what remains of a task that was run twice.
            written = self._spark.read.parquet(beside).count()
            if written != rows:
                raise NorthstarError(place, [Fault("rows", f"{rows:,} written", f"{written:,}", "Report this.")])
            facts.append({"name": place.rsplit("/", 1)[-1], "rows": rows})
        return facts

    def publish(self, report: bytes, rejects: bool) -> None:
        """Put everything in its place; the report last."""
        if rejects:
            self._put(self._rejects)
        # Rejected rows first and the report last: whoever sees a report finds all that it describes.
        self._put(self.scores)
        if not rejects:
            self._files.delete(self._paths(self._rejects), True)
        stream = self._files.create(self._paths(_beside(self._report)), True)
        stream.write(bytearray(report))
        stream.close()
        self._put(self._report)

    def _put(self, place: str) -> None:
        # Hadoop's file systems cannot exchange two names: between two renames, the old result is kept beside.
        there, new, old = (self._paths(path) for path in (place, _beside(place), _beside(place, "old")))
        self._files.delete(old, True)
        moved = self._files.exists(there) and self._files.rename(there, old)
        if not self._files.rename(new, there):
            if moved:
                self._files.rename(old, there)
            raise OutputError(place, [Fault("output", "a place that can be written", "a refusal", "Check the path.")])
        self._files.delete(old, True)


def _beside(place: str, what: str = "work") -> str:
    """A path in the same folder that Spark ignores when reading."""
    folder, slash, name = place.rpartition("/")
    return f"{folder}{slash}_{name}.{what}"
