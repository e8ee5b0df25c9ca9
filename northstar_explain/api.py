"""The toolkit from Python: train on a table, score a table, look at segments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from northstar_explain import contract as contracts
from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract, check
from northstar_explain.contract.faults import needed_columns
from northstar_explain.model.evaluation import Evaluation
from northstar_explain.score import Scorer

if TYPE_CHECKING:
    from northstar_explain.report.audit.about import About
    from northstar_explain.report.audit.pack.write_pack import WrittenPack
    from northstar_explain.report.playbook.plan import Plan
    from northstar_explain.report.playbook.write_playbook import Written as WrittenPlaybook
    from northstar_explain.training import Options
    from northstar_explain.verify.check_pack import Verification


Progress = Callable[[str], None]


def _silent(stage: str) -> None:
    """Progress that nobody reads."""


class Model:
    """A trained model: segments, scorecard and facts.

    Parameters
    ----------
    data : northstar_explain.model.Model
        What `train` or `load` found.
    rejected : pyarrow.Table, optional
        Training rows that could not be used, with reasons.
    """

    def __init__(self, data: models.Model, rejected: pa.Table | None = None):
        self.data = data
        self.rejected = rejected

    @property
    def id(self) -> str:
        """Names the model's content."""
        return self.data.id

    @property
    def segments(self) -> tuple[models.Segment, ...]:
        """The segments with their rules, words and facts, in the order of their ids: in a first model, of size."""
        return self.data.segmentation.segments

    @property
    def evaluation(self) -> Evaluation:
        """Every reported figure, typed; `evaluation.json` holds the same."""
        return self.data.evaluation

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.data)

    def check(self, frame: Any) -> contracts.Checked:
        """Part a table into rows that can be scored and rows that cannot, with reasons.

        Parameters and errors are those of `score`.
        """
        contract = self.data.contract
        return check(tables.from_frame(frame, needed_columns(contract, label=False)), contract)

    def score(self, frame: Any) -> pa.Table:
        """Score customers.

        Parameters
        ----------
        frame : pandas, Polars, DuckDB or PyArrow table
            Columns as in the contract; the label may be there and is not used.

        Returns
        -------
        pyarrow.Table
            One row per valid row, in the same order; `check` gives the others with their reasons.

        Raises
        ------
        TableError
            When the table is not what the contract says.
        """
        return self._scorer(self.check(frame).accepted)

    def save(self, path: Path | str, overwrite: bool = False) -> None:
        """Write the model folder, whole or not at all."""
        models.save(self.data, path, overwrite)

    def playbook(
        self, out: Path | str, plan: Plan | None = None, overwrite: bool = False, progress: Progress = _silent
    ) -> WrittenPlaybook:
        """Write the playbook for marketing: see `northstar_explain.report.playbook.write_playbook`."""
        from northstar_explain.report.playbook import write_playbook

        return write_playbook(self.data, Path(out), overwrite, progress, plan)

    def compare(self, out: Path | str, overwrite: bool = False, progress: Progress = _silent) -> tuple[Path, ...]:
        """Write the memo on segments and probabilities: see `northstar_explain.report.comparison.write_comparison`."""
        from northstar_explain.report.comparison import write_comparison

        return tuple(write_comparison(self.data, Path(out), overwrite, progress))

    def audit(
        self,
        out: Path | str,
        about: About | None = None,
        date: str | None = None,
        overwrite: bool = False,
        progress: Progress = _silent,
    ) -> WrittenPack:
        """Write an audit pack: see `northstar_explain.report.audit.pack.write_pack`.

        The pack's SQL and its parity certificate are handed to the report from here, as neither of the two makes
        the other.
        """
        from northstar_explain.export.sql.pack_sql import pack_sql
        from northstar_explain.report.audit.pack.write_pack import write_pack
        from northstar_explain.verify.certify import certify

        return write_pack(self.data, Path(out), pack_sql(self.data), certify, about, date, overwrite, progress)

    def sql(self, dialect: str, table: str = "customers", view: str | None = None) -> str:
        """The segments as one SQL statement: see `northstar_explain.export.sql.segments_sql`."""
        from northstar_explain.export.sql import segments_sql

        return segments_sql(self.data, dialect, table, view)

    def __repr__(self) -> str:
        return f"<Model {self.id}: {len(self.segments)} segments, {len(self.data.scorecard.terms)} terms>"


def train(
    frame: Any,
    contract: Contract | Path | str | None = None,
    *,
    seed: int = 0,
    options: Options | None = None,
) -> Model:
    """Learn segments and a purchase model from a table of customers.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or PyArrow table
    contract : Contract or path, optional
        What the table holds; Northstar Retail's own where not given.
    seed : int, default 0
        Decides every random choice; not used where `options` are given.
    options : northstar_explain.training.Options, optional
        Everything that can be set.

    Returns
    -------
    Model

    Raises
    ------
    TableError, ContractError
        When table and contract do not agree, or there is too little to learn from.
    """
    from northstar_explain.training import Options, Source
    from northstar_explain.training import train as run

    if not isinstance(contract, Contract):
        contract = contracts.northstar() if contract is None else contracts.load(contract)
    table = tables.from_frame(frame, needed_columns(contract, label=True))
    trained = run(Source(table), contract, options or Options(seed=seed))
    return Model(trained.model, trained.rejected)


def load(path: Path | str) -> Model:
    """Read a model folder; raises ModelError when it is not one, or was changed."""
    return Model(models.load(path))


def verify(path: Path | str, progress: Progress = _silent) -> Verification:
    """Check an audit pack or a model folder: see `northstar_explain.verify.check_pack`."""
    from northstar_explain.verify.check_pack import verify as run

    return run(Path(path), progress)
