"""The same scoring on a Spark cluster: Spark reads and writes, the workers run the very same function per batch.

A task may be killed and run again, so nothing is counted on the side: the counts leave the tasks as rows, like the
scores, and of every task Spark takes the rows once.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from northstar_explain import version
from northstar_explain.contract.faults import no_rows, require_columns, require_types
from northstar_explain.contract.rejected import is_kept
from northstar_explain.errors import Fault, NorthstarError, OutputError, TableError
from northstar_explain.model.folder_format import json_bytes
from northstar_explain.model.learned_model import Model
from northstar_explain.options import Control, CsvOptions, ScoringOptions
from northstar_explain.score.clock import Clock
from northstar_explain.score.counts import Tally, count
from northstar_explain.score.named_inputs import hints
from northstar_explain.score.per_batch import check_and_score
from northstar_explain.score.rejected_rows import with_distinct_names
from northstar_explain.score.run_report import report
from northstar_explain.score.score_columns import Scorer
from northstar_explain.score.spark_faults import one_fault
from northstar_explain.score.spark_outputs import SparkOutputs, places
from northstar_explain.score.spark_session import engine, opened
from northstar_explain.score.unseen import require_seen
from northstar_explain.tables import is_text_format, local_paths, require_apart
from northstar_explain.tables.csv_dialects import Dialect, detect
from northstar_explain.tables.number_format import PLAIN, NumberFormat

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WORKERS = "The workers' Python (PYSPARK_PYTHON) must have this very northstar-explain, NumPy and PyArrow."


def run_spark(
    model: Model,
    sources: Sequence[str],
    out: str,
    options: ScoringOptions | None = None,
    progress: Callable[[str], None] = lambda stage: None,
    session: SparkSession | None = None,
) -> dict[str, Any]:
    """Score customers with Spark.

    Parameters
    ----------
    model : Model
        Goes to the workers with the function; they need this package, and nothing else of ours.
    sources : sequence of str
        Parquet or CSV files, folders or patterns, wherever Spark can read.
    out : str
        A folder for Parquet files, wherever Spark can write. Beside it go the folder ``NAME.rejected.parquet`` and
        ``NAME.report.json``.
    options : ScoringOptions, optional
        `resume` has no meaning here: Spark itself runs lost tasks again.
    progress : callable
    session : pyspark.sql.SparkSession, optional
        Without one, the active session, or a new one on the master named by ``spark-submit``, Spark's own settings
        or the variable ``MASTER``; where nothing names a master, on all cores of this machine.

    Returns
    -------
    dict
        The run report, whose ``published`` says whether there are results.

    Raises
    ------
    TableError, OutputError
        When the input cannot be scored at all, or an output cannot be written.
    NorthstarError
        When Spark does not start, or its workers fail.
    """
    options = options or ScoringOptions()
    clock = Clock()
    names = places(out)  # known before Spark starts, and so before any work
    require_apart(local_paths(names), [*local_paths(sources), *model.inputs])
    with opened(session, progress) as spark:
        with one_fault(OutputError, names[0], "output", "a place that Spark can reach", "Check the path."):
            results = SparkOutputs(spark, names, options.overwrite)
        return _run(spark, model, sources, results, options, progress, clock)


def _run(
    spark: SparkSession, model: Model, sources: Sequence[str], results: SparkOutputs, options: ScoringOptions,
    progress: Callable[[str], None], clock: Clock,
) -> dict[str, Any]:  # fmt: skip
    from py4j.protocol import Py4JError

    source = ", ".join(sources)
    progress(f"reading {source}")
    dialect = _dialect(model, sources, options.csv)
    customers = _read(spark, sources, dialect)
    ignored = _require_table(customers, model, source, dialect is not None)
    if model.contract.id not in customers.columns:
        todo = "Spark does not keep the order of rows, so it cannot number them: add a column with ids."
        raise TableError(source, [Fault(f"column {model.contract.id}", "a column of this name", "none", todo)])
    with one_fault(TableError, source, "rows", "files that Spark can read to their end", "Check the files."):
        repeated = _repeated(customers, model.contract.id)
        # Counted by Spark itself, and compared with what the workers say they have seen.
        rows = customers.count()
    if not rows:
        raise no_rows(source)
    clock.lap("ids")
    progress(f"scoring {rows:,} rows")
    # Kept, as it is read three times: for counts, scores and rejected rows.
    numbers = PLAIN if dialect is None else dialect.numbers
    done = _scored(customers, model, options.control, repeated, numbers).persist()
    try:
        with one_fault(NorthstarError, source, "scoring", "workers that score every row", _WORKERS):
            tally = _tally(done)
        _require_every_row(rows, tally, source)
        require_seen(tally, Scorer(model, options.control), options.accept_unseen, source)
        clock.lap("score")
        too_many = tally.rejected / tally.rows > options.max_rejected
        published = not too_many or options.publish_anyway
        facts = {"published": published, "engine": engine(spark), **report(Scorer(model, options.control), tally)}
        facts |= {"ignored_columns": list(ignored), "left_out_columns": []}  # Spark has no such types
        facts |= {"unread_files": [], "suspicious_ids": {}}  # neither is looked for on a cluster
        facts |= {"inputs": [_input(name, dialect) for name in sources], "outputs": []}
        with one_fault(OutputError, results.scores, "output", "a place that can be written", "Check the path."):
            if published:
                progress(f"writing {results.scores}")
                facts["outputs"] = results.write(done, tally)
                clock.lap("write")
            facts["seconds"] = clock.seconds
            if published:
                results.publish(json_bytes(facts), bool(tally.rejected))
    finally:
        with suppress(Py4JError):  # of a Java that has died, which another error reports
            done.unpersist()
    return facts


def _input(name: str, dialect: Dialect | None) -> dict[str, Any]:
    return {"name": name} if dialect is None else {"name": name, "dialect": dialect.as_json()}


def _dialect(model: Model, sources: Sequence[str], given: CsvOptions) -> Dialect | None:
    """How the files are written, where they are CSV: found from a local file, and from what is said of others."""
    if not is_text_format(sources[0].rstrip("/")):
        return None
    known = hints(model.contract, given)
    first = next(iter(local_paths(sources)), None)
    if first is not None and Path(first).is_file():
        dialect = detect(Path(first), known)
    else:
        said = known.given
        numbers = NumberFormat(said.decimal or ".", said.thousands or "")
        dialect = Dialect(said.delimiter or ",", said.encoding or "utf-8", numbers=numbers)
    if dialect.sep_line:
        todo = "Remove the line, or score with the local engine."
        raise TableError(sources[0], [Fault("file", "a header as first line", "a line sep=", todo)])
    return dialect


def _read(spark: SparkSession, sources: Sequence[str], dialect: Dialect | None) -> DataFrame:
    with one_fault(TableError, ", ".join(sources), "files", "Parquet or CSV", "Check the path."):
        if dialect is None:
            return spark.read.parquet(*sources)
        # As the local engine does: every cell a text, an empty one missing.
        # Quotation marks inside cells are doubled, where Spark by itself expects a backslash before them.
        return spark.read.csv(
            list(sources), header=True, inferSchema=False, multiLine=True, escape='"', mode="FAILFAST",
            sep=dialect.delimiter, encoding=dialect.encoding,
        )  # fmt: skip


def _require_table(customers: DataFrame, model: Model, source: str, as_text: bool) -> tuple[str, ...]:
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = to_arrow_schema(customers.schema)
    ignored = require_columns(schema, model.contract, label=False, source=source)
    # Types are those of the schema, so no row is needed to refuse them before any work.
    require_types(schema.empty_table(), model.contract, label=False, source=source, as_text=as_text)
    return ignored


def _repeated(customers: DataFrame, id: str) -> list[str]:
    """The keys of ids that occur more than once, as `contract.identifiers` makes them."""
    from pyspark.sql import functions as F

    quoted = "`" + id.replace("`", "``") + "`"
    # (?U): blanks of all of Unicode, as Python strips them; Java by itself knows those of ASCII.
    trimmed = F.regexp_replace(F.col(quoted).cast("string"), r"(?U)^\s+|\s+$", "")
    keys = F.regexp_replace(trimmed, r"^(-?(?:0|[1-9][0-9]*))\.0+$", "$1")
    ids = customers.select(keys.alias("id")).where("id is not null and id <> ''")
    return [row["id"] for row in ids.groupBy("id").count().where("count > 1").select("id").collect()]


def _scored(
    customers: DataFrame, model: Model, control: Control, repeated: list[str], numbers: NumberFormat
) -> DataFrame:
    """Scores, rejected rows and counts, each in a column of its own, of which one is filled in each row."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    plain = pa.schema([_plain(field) for field in Scorer(model, control).schema])
    original = [field for field in to_arrow_schema(customers.schema) if is_kept(field.type)]
    names = with_distinct_names(pa.schema([pa.field("reasons", pa.string()), *original]).empty_table()).column_names
    rejected = pa.schema([pa.field(n, f.type) for n, f in zip(names, [plain.field(0), *original], strict=True)])
    schema = pa.schema([("scores", pa.struct(plain)), ("rejected", pa.struct(rejected)), ("tally", pa.string())])

    sent_by = version.VERSION

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on a worker, with the model that came along."""
        # Another version could score the same model differently, and nobody would notice.
        if sent_by != version.VERSION:
            fault = Fault("northstar-explain", f"{sent_by}, as the driver has it", version.VERSION, "Install that one.")
            raise NorthstarError("worker", [fault])
        # Made on the worker: the model travels as plain data, the prepared lookup tables do not.
        scorer = Scorer(model, control)
        known = pa.array(repeated, pa.string())
        for batch in batches:
            checked, scored = check_and_score(scorer, pa.Table.from_batches([batch]), known, numbers=numbers)
            yield _filled(schema, "scores", scored.rows.cast(plain).to_struct_array())
            if checked.rejected.num_rows:
                # Spark has no order of rows, so a row number would mean nothing.
                table = checked.rejected.drop_columns(["row"]).rename_columns(names).cast(rejected)
                yield _filled(schema, "rejected", table.to_struct_array().combine_chunks())
            # One text per batch rather than columns: counts have keys that no schema could list.
            tally = count(checked, scored, scorer)
            # Without file and row, neither of which means anything where rows have no order.
            tally.examples = {key: ("", 0, got) for key, (_, _, got) in tally.examples.items()}
            counted = json.dumps(tally.to_json())
            yield _filled(schema, "tally", pa.array([counted]))

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")  # only Arrow is used
        return customers.mapInArrow(work, from_arrow_schema(schema))


def _plain(field: pa.Field) -> pa.Field:
    """The field without a dictionary, which Spark does not know."""
    return pa.field(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)


def _filled(schema: pa.Schema, name: str, values: pa.Array) -> pa.RecordBatch:
    columns = [values if field.name == name else pa.nulls(len(values), field.type) for field in schema]
    return pa.record_batch(columns, schema=schema)


def _tally(done: DataFrame) -> Tally:
    total = Tally()
    for row in done.where("tally is not null").select("tally").collect():
        total.add(Tally.from_json(json.loads(row["tally"])))
    return total


def _require_every_row(rows: int, tally: Tally, source: str) -> None:
    if not rows == tally.rows == tally.scored + tally.rejected:
        got = f"{tally.scored:,} scored + {tally.rejected:,} rejected"
        raise NorthstarError(source, [Fault("rows", f"{rows:,} accounted for", got, "Report this.")])
