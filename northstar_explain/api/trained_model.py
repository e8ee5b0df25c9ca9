"""A trained model from Python: scores, reports, SQL and checks, each with the options of its command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from northstar_explain import contract as contracts
from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.first_table import Progress, silent
from northstar_explain.api.model_outputs import ModelOutputs
from northstar_explain.api.scores import Scores, warn
from northstar_explain.contract.check import check, repeated_ids
from northstar_explain.contract.faults import needed_columns, no_rows, require_columns, require_types
from northstar_explain.model.evaluation import Evaluation
from northstar_explain.options import ENGINES, ScoringOptions
from northstar_explain.score.counts import count
from northstar_explain.score.named_inputs import named
from northstar_explain.score.per_batch import check_and_score
from northstar_explain.score.run_report import report
from northstar_explain.score.score_columns import Scorer
from northstar_explain.tables.plain_types import with_plain_types

if TYPE_CHECKING:
    from northstar_explain.report.notebook import SegmentDisplay, ShapeDisplay
    from northstar_explain.training import Trained
    from northstar_explain.verify.check_pack import Verification


class Model(ModelOutputs):
    """A trained model: segments, scorecard and facts.

    Parameters
    ----------
    data : northstar_explain.model.Model
        The model's parts as plain data.
    trained : northstar_explain.training.Trained, optional
        The training run that it comes from, with its rejected rows.
    """

    def __init__(self, data: models.Model, trained: Trained | None = None):
        self.data = data
        self.trained = trained

    @property
    def id(self) -> str:
        """Identifies the model's content."""
        return self.data.id

    @property
    def rejected(self) -> pa.Table | None:
        """Training rows that could not be used, with reasons; None for a model that was loaded."""
        return None if self.trained is None else self.trained.rejected

    @property
    def segments(self) -> tuple[models.Segment, ...]:
        """The segments with their rules, words and facts, in the order of their ids: in a first model, of size."""
        return self.data.segmentation.segments

    @property
    def evaluation(self) -> Evaluation:
        """Every reported figure, as `evaluation.json` holds it."""
        return self.data.evaluation

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.data)

    def facts(self) -> dict[str, Any]:
        """Everything that is known of the model, as `explain show --json` prints it.

        Returns
        -------
        dict
            ``manifest``, ``evaluation``, and ``segments`` with the names that people gave them.
        """
        given = self.data.names.given
        # From the stored bytes: what is shown is what was sealed, but for the names that people gave.
        segments = json.loads(self.data.files["segments.json"])["segments"]
        named = [{**one, "name": given.get(one["id"], one["name"]), "learned_name": one["name"]} for one in segments]
        return {
            "manifest": self.data.manifest,
            "evaluation": json.loads(self.data.files["evaluation.json"]),
            "segments": [{**one, "renamed": one["id"] in given} for one in named],
        }

    def check(self, frame: Any) -> contracts.Checked:
        """Check customers against the contract: rows that can be scored, and rejected rows with reasons.

        Parameters and errors are those of `score`.
        """
        contract = self._scorer.contract
        return check(tables.from_frame(frame, needed_columns(contract, label=False)), contract)

    def score(self, frame: Any) -> Scores:
        """Score customers in memory.

        Parameters
        ----------
        frame : pandas, Polars, DuckDB or PyArrow table
            Columns as in the contract; the label may be among them and is not used.

        Returns
        -------
        Scores
            ``table`` with one row per valid row, in the same order; ``rejected`` with the others and their reasons;
            ``report``. It exports Arrow itself, so that it can be given where a table is asked for.

        Warns
        -----
        ScoringWarning
            Of rejected rows, and of categories that training never saw.

        Raises
        ------
        TableError
            When the table as a whole is not what the contract says.
        """
        contract = self._scorer.contract
        table = tables.from_frame(frame, needed_columns(contract, label=False))
        ignored = require_columns(table.schema, contract, label=False, source="table")
        if table.num_rows == 0:
            raise no_rows("table")
        require_types(table, contract, label=False, source="table", as_text=False)
        ids = with_plain_types(table, [contract.id])[contract.id]
        checked, scored = check_and_score(self._scorer, table, repeated_ids(ids))
        facts = {**report(self._scorer, count(checked, scored, self._scorer)), "ignored_columns": list(ignored)}
        warn(facts, stacklevel=2)
        return Scores(pa.Table.from_batches([scored.rows]), checked.rejected, facts)

    def score_files(
        self,
        customers: Path | str | Sequence[Path | str],
        out: Path | str,
        options: ScoringOptions | None = None,
        engine: str = "local",
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Score customers from files to files, in memory that does not grow with them.

        Parameters
        ----------
        customers : path or sequence of paths
            Parquet, CSV or Arrow files, folders of them, or patterns.
        out : path
            A ``.parquet``, ``.csv`` or ``.arrow`` file, or a folder of Parquet files; with Spark always a folder.
        options : ScoringOptions, optional
        engine : {"local", "spark"}, default "local"
        progress : callable
            Called with the name of each stage as it begins.

        Returns
        -------
        dict
            The run report; ``published`` says whether there are results.

        Raises
        ------
        TableError, OutputError
            When the input cannot be scored at all, or an output cannot be written.
        ValueError
            When the engine is unknown.
        """
        if engine not in ENGINES:
            raise ValueError(f"engine: expected one of {', '.join(ENGINES)}; got {engine!r}")
        if engine == "spark":
            from northstar_explain.score.spark import run_spark

            # Spark has its own file systems: a path there is text, and may be a URL.
            sources = [str(source) for source in named(customers)]
            return run_spark(self.data, sources, str(out), options, progress)
        from northstar_explain.score.runner import run

        return run(self.data, customers, Path(out), options, progress).facts

    def save(self, path: Path | str, overwrite: bool = False) -> models.Names:
        """Write the model folder, and beside it the rejected rows of its training, all or nothing.

        Parameters
        ----------
        path : path
        overwrite : bool, default False
            Replace a model that is there.

        Returns
        -------
        Names
            Which names that people gave to segments were kept.

        Raises
        ------
        OutputError, ModelError
            When the folder cannot be written, or what is there may not be replaced.
        """
        # Only a training run has rejected rows to write beside the folder.
        if self.trained is None:
            return models.save(self.data, path, overwrite)
        from northstar_explain.training import save

        return save(self.trained, path, overwrite)

    def verify(self, progress: Progress = silent) -> Verification:
        """Check the folder that the model was loaded from; of a model that is not on disk yet, a copy of it.

        Parameters and result as of `northstar_explain.verify`.
        """
        # What is on disk is what others use, so that is checked, not the copy in memory.
        if self.data.folder is not None:
            return verify(self.data.folder, progress)
        with TemporaryDirectory(prefix="northstar-") as folder:
            models.save(self.data, Path(folder) / "model")
            return verify(Path(folder) / "model", progress)

    def segment(self, id: str) -> SegmentDisplay:
        """A segment to be shown in a notebook: its definition, size and what sets it apart.

        Raises
        ------
        KeyError
            When there is no segment of this id.
        """
        from northstar_explain.report.notebook import SegmentDisplay

        return SegmentDisplay(self.data, id)

    def shape(self, term: str) -> ShapeDisplay:
        """A term of the scorecard to be shown in a notebook: the points of each of its bins.

        Parameters
        ----------
        term : str
            A feature, or two joined by " × ", as in the scorecard.

        Raises
        ------
        KeyError
            When the scorecard has no such term.
        """
        from northstar_explain.report.notebook import ShapeDisplay

        return ShapeDisplay(self.data, term)

    def __repr__(self) -> str:
        return f"<Model {self.id}: {len(self.segments)} segments, {len(self.data.scorecard.terms)} terms>"

    def _repr_html_(self) -> str:
        from northstar_explain.report.notebook import model_html

        return model_html(self.data)


def load(path: Path | str) -> Model:
    """Read a model folder.

    Parameters
    ----------
    path : path

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        When it is not a model folder, is of another format, or was changed.
    """
    return Model(models.load(path))


def verify(
    path: Path | str, progress: Progress = silent, sums: str | None = None, public_key: str | None = None
) -> Verification:
    """Check an audit pack or a model folder: every checksum, and every golden row by every program there is.

    Parameters
    ----------
    path : path
    progress : callable
        Called with the name of each stage as it begins.
    sums : str, optional
        The SHA-256 that the sums, or a model's manifest, must have, or a file that holds it.
    public_key : str, optional
        A public key of minisign, or a file that holds it, that the sums of a pack must be signed with.

    Returns
    -------
    northstar_explain.verify.check_pack.Verification
        Its ``findings`` are empty where all is well.

    Raises
    ------
    PackError
        When it is neither of the two.
    """
    from northstar_explain.verify.check_pack import verify as run

    return run(Path(path), progress, sums, public_key)
