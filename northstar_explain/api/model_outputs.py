"""What a model can be turned into: reports, SQL, a comparison of its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.first_table import Progress, silent
from northstar_explain.model.pack_layout import PAGE
from northstar_explain.options import AudienceOptions, CampaignOptions, CsvOptions, MoneyOptions, SqlOptions

if TYPE_CHECKING:
    from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign
    from northstar_explain.export.audiences.folder_facts import FolderFacts
    from northstar_explain.export.dbt import WrittenDbt
    from northstar_explain.export.onnx import WrittenOnnx
    from northstar_explain.model.campaign.readout_facts import Readout
    from northstar_explain.model.monitoring.monitor_facts import MonitorFacts
    from northstar_explain.report.audit.about import About
    from northstar_explain.report.audit.pack.write_pack import WrittenPack
    from northstar_explain.report.playbook.plan import Plan
    from northstar_explain.report.playbook.write_playbook import WrittenPlaybook


class ModelOutputs:
    """The outputs of a model; libraries that make them are loaded when first used, as scoring needs none of them."""

    data: models.Model

    def playbook(
        self,
        out: Path | str,
        plan: Plan | Path | str | None = None,
        overwrite: bool = False,
        progress: Progress = silent,
        memo: Path | str | None = None,
        audit: Path | str | None = None,
        money: MoneyOptions | None = None,
        uplift: Readout | Path | str | None = None,
    ) -> WrittenPlaybook:
        """Write the playbook for marketing.

        Parameters
        ----------
        out : path
            The folder for ``playbook.pdf``, ``playbook.html``, ``playbook.docx``, ``summary.pdf``, ``summary.html`` and
            a PDF per segment.
        plan : Plan or path of a ``playbook.toml``, optional
            Names, owners, actions, offers, KPIs, colors, logo.
        overwrite : bool, default False
        progress : callable
        memo : path, optional
            This model's memo, ``.pdf`` or ``.html``, to whose page the playbook's page then links.
        audit : path, optional
            The folder of this model's audit pack, likewise.
        money : MoneyOptions, optional
            Amounts in place of those of the contract's ``[economics]``.
        uplift : Readout or path of a ``readout.json``, optional
            Uplifts that a campaign measured; without them, three are assumed.

        Returns
        -------
        northstar_explain.report.playbook.WrittenPlaybook

        Raises
        ------
        CampaignError
            When an amount is missing or out of range, or the readout cannot be read or was stopped.
        PlanError, OutputError
            When the plan is not for these segments, or the folder cannot be written.
        """
        from northstar_explain.export.sql.segment_sql import conditions_sql
        from northstar_explain.report.playbook import write_playbook

        if isinstance(uplift, Path | str):
            tables.require_apart([Path(out)], [Path(uplift)])
        beside = {"Memo": Path(memo).with_suffix(".html")} if memo is not None else {}
        beside |= {"Audit page": Path(audit) / PAGE} if audit is not None else {}
        # Handed over, as report and export never import each other.
        sql = conditions_sql(self.data)
        return write_playbook(
            self._with_money(money, uplift), Path(out), overwrite, progress, self._plan(plan), sql, beside
        )

    def check_plan(self, plan: Plan | Path | str | None = None) -> list[Any]:
        """What is unassigned in a plan, or contradicts the data; parameters and errors as for `playbook`.

        Returns
        -------
        list of northstar_explain.report.playbook.plan_check.Finding
        """
        from northstar_explain.report.playbook import check_plan

        return list(check_plan(self.data, self._plan(plan)))

    def write_plan(self, out: Path | str, overwrite: bool = False) -> Path:
        """Write what the playbook proposes as a ``playbook.toml``, to be edited.

        Parameters
        ----------
        out : path
        overwrite : bool, default False

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            When the path is not free, or cannot be written.
        """
        from northstar_explain.report.playbook import write_plan

        return write_plan(self.data, Path(out), overwrite)

    def _plan(self, plan: Plan | Path | str | None) -> Plan | None:
        from northstar_explain.report.playbook import read_plan

        return read_plan(Path(plan), self.data) if isinstance(plan, Path | str) else plan

    def compare(
        self,
        out: Path | str,
        overwrite: bool = False,
        progress: Progress = silent,
        playbook: Path | str | None = None,
        audit: Path | str | None = None,
        money: MoneyOptions | None = None,
        uplift: Readout | Path | str | None = None,
        owner: str = "",
        decide_by: str | None = None,
    ) -> tuple[Path, ...]:
        """Write the memo on segments and probabilities.

        Parameters
        ----------
        out : path
            The memo, ``.pdf``; the same as ``.html`` goes beside it.
        overwrite : bool, default False
        progress : callable
        playbook, audit : path, optional
            Folders of this model's playbook and audit pack, to which the page then links.
        money : MoneyOptions, optional
            Amounts in place of those of the contract's ``[economics]``.
        uplift : Readout or path of a ``readout.json``, optional
            Uplifts that a campaign measured; without them, three are assumed.
        owner : str, optional
            Who is to carry out what is recommended; to be confirmed where not given.
        decide_by : str, optional
            The day by which to decide, ISO 8601; to be confirmed where not given.

        Returns
        -------
        tuple of Path

        Raises
        ------
        CampaignError
            When an amount is missing or out of range, or the readout cannot be read or was stopped.
        OutputError
            When it cannot be written there.
        """
        from northstar_explain.report.memo.recommendation import Decision
        from northstar_explain.report.memo.write_memo import write_memo

        reports = (("Segment playbook", playbook, "playbook.html"), ("Audit page", audit, PAGE))
        beside = {words: Path(folder) / name for words, folder, name in reports if folder is not None}
        if isinstance(uplift, Path | str):
            tables.require_apart([Path(out), Path(out).with_suffix(".html")], [Path(uplift)])
        model, decision = self._with_money(money, uplift), Decision(owner, decide_by or "")
        return tuple(write_memo(model, Path(out), overwrite, progress, beside, decision))

    def _with_money(self, money: MoneyOptions | None, uplift: Readout | Path | str | None) -> models.Model:
        from northstar_explain.model.campaign.given_money import with_money
        from northstar_explain.model.campaign.readout_facts import read_readout_file

        readout = read_readout_file(Path(uplift)) if isinstance(uplift, Path | str) else uplift
        return with_money(self.data, money, readout)

    def plan_campaign(
        self,
        scores: Any,
        options: CampaignOptions | None = None,
        uplift: Readout | Path | str | None = None,
        out: Path | str | None = None,
        overwrite: bool = False,
        audiences: Path | str | None = None,
        delivery: AudienceOptions | None = None,
        contacts: Any = None,
        previous: Path | str | None = None,
    ) -> PlannedCampaign:
        """Plan a campaign: whom to contact under a budget, and who is its control.

        Parameters
        ----------
        scores : path, or pandas, Polars, DuckDB or PyArrow table
            As `score` gives them; the standing control group that they mark is left out.
        options : CampaignOptions, optional
            Money and power. Amounts that are not given are those of the contract's ``[economics]``.
        uplift : Readout or path of a ``readout.json``, optional
            Uplifts that an earlier campaign measured; without them, that of the options is assumed for everybody.
        out : path, optional
            A folder for ``plan.json`` and ``audience.parquet``.
        overwrite : bool, default False
        audiences : path, optional
            A folder in which the treated are written as `audience` writes them, published together with the plan.
        delivery : AudienceOptions, optional
            Of these audiences; needed with them. Its condition is not used.
        contacts, previous
            As of `audience`.

        Returns
        -------
        PlannedCampaign
            The plan as facts, and its audience.

        Raises
        ------
        CampaignError
            When an amount is missing or out of range, the readout cannot be read or was stopped, nobody is worth a
            contact, or the budget pays for none.
        TableError, OutputError
            When the scores are not of this model, or the files cannot be written.
        """
        from northstar_explain.api.campaign_calls import plan_campaign

        return plan_campaign(
            self.data, scores, options, uplift, out, overwrite, audiences, delivery, contacts, previous
        )

    def audience(
        self,
        scores: Any,
        out: Path | str,
        options: AudienceOptions,
        contacts: Any,
        customers: Any = None,
        priority: Path | str | None = None,
        previous: Path | str | None = None,
        overwrite: bool = False,
    ) -> FolderFacts:
        """Write audiences for an e-mail tool or an ad platform into a dated folder; nothing is sent.

        The control group and customers without consent are in none, nor is a contact that one of them shares.

        Parameters
        ----------
        scores : path, or pandas, Polars, DuckDB or PyArrow table
            As `score` gives them.
        out : path
            The folder in which a folder of the day is made.
        options : AudienceOptions
        contacts : path or table
            The id, the column of consent and, as far as there are any, ``email``, ``phone``, ``first_name``,
            ``last_name``, ``country`` and ``zip``.
        customers : path or table, optional
            The table that was scored, for conditions on its features.
        priority : path of a TOML file, optional
            A list of audiences, the highest first; a person is in the highest only.
        previous : path, optional
            The dated folder of the run before: beside each audience, files say whom to add and whom to remove.
        overwrite : bool, default False

        Returns
        -------
        northstar_explain.export.audiences.folder_facts.FolderFacts
            The counts of each audience, as ``audiences.json`` holds them.

        Raises
        ------
        CampaignError
            When a condition, a name or a list of audiences cannot be used, or the folder before is none.
        TableError, OutputError
            When a table is not what it must be, or the folder cannot be written.
        """
        from northstar_explain.api.audience_calls import write_audiences

        return write_audiences(self.data, scores, out, options, contacts, customers, priority, previous, overwrite)

    def monitor(
        self,
        earlier: Any,
        later: Any,
        outcomes: Any = None,
        csv: CsvOptions | None = None,
        before: Sequence[Any] = (),
        out: Path | str | None = None,
        html: Path | str | None = None,
        overwrite: bool = False,
    ) -> MonitorFacts:
        """Compare two scoring runs: drift, segments, who moved, expected performance, and whether probabilities held.

        Parameters
        ----------
        earlier, later : path, Scores, or pandas, Polars, DuckDB or PyArrow table
            The scores of the two runs. Drift of the features is read from the run report beside a file of scores, or
            from `Scores`, and not known for another table.
        outcomes : path or table, optional
            Customers with their label, once its window is over. They are of the earliest run given.
        csv : CsvOptions, optional
            How a CSV of outcomes is written; what it leaves open, the contract says, or the file shows.
        before : sequence
            Runs before the two, the earliest first: their segments and expected performance are shown beside.
        out : path, optional
            A file for the facts, as JSON.
        html : path, optional
            A file for the page.
        overwrite : bool, default False

        Returns
        -------
        MonitorFacts
            ``triggers`` says in words what fired; ``as_json()`` gives what `explain monitor --json` prints.

        Raises
        ------
        TableError
            When scores, report or outcomes are not of this model, a value is out of range, or the outcomes are of the
            rows that trained the model.
        OutputError
            When a file already exists or cannot be written.
        """
        from northstar_explain.api.monitoring_calls import monitor_runs

        return monitor_runs(self.data, (*before, earlier, later), outcomes, csv, out, html, overwrite)

    def sql(
        self,
        dialect: str,
        table: str = "customers",
        view: str | None = None,
        scores: bool = False,
        prefix: str | None = None,
    ) -> str:
        """The segments, or the whole scorecard, as one SQL statement.

        Parameters
        ----------
        dialect, table, view, scores, prefix
            As of `SqlOptions`.

        Returns
        -------
        str
            With `scores`, it reads the lookup tables of `sql_tables`, which a database needs once per model.

        Raises
        ------
        NorthstarError
            When a name or a text of the model cannot be written in the dialect.
        ValueError
            When the options are not what `SqlOptions` takes.
        """
        from northstar_explain.export.sql import sql_text

        return sql_text(self.data, SqlOptions(dialect, table, view, scores, prefix))

    def sql_tables(self, dialect: str, prefix: str | None = None) -> str:
        """CREATE TABLE and INSERT statements of the lookup tables that the statement for scores reads.

        Parameters and errors as of `sql`.
        """
        from northstar_explain.export.sql import tables_sql

        return "".join(tables_sql(self.data, SqlOptions(dialect, scores=True, prefix=prefix).dialect, prefix))

    def write_sql(self, out: Path | str, options: SqlOptions, overwrite: bool = False) -> tuple[Path, ...]:
        """Write the statement, and with `options.scores` its lookup tables beside it.

        Parameters
        ----------
        out : path
        options : SqlOptions
        overwrite : bool, default False

        Returns
        -------
        tuple of Path

        Raises
        ------
        NorthstarError
            When something cannot be written, in the dialect or on the disk; nothing is written then.
        """
        from northstar_explain.export.sql.write_sql import write_sql

        return write_sql(self.data, options, Path(out), overwrite)

    def write_dbt(self, dialect: str, out: Path | str, table: str = "customers", overwrite: bool = False) -> WrittenDbt:
        """Write the model as a dbt package: segments, scores day after day, seeds and tests.

        Parameters
        ----------
        dialect : str
            One of those of `SqlOptions` but SQLite, for which dbt has no adapter.
        out : path
            The folder of the package.
        table : str, default "customers"
            The table of customers, with its schema where that is not the one of the dbt profile.
        overwrite : bool, default False

        Returns
        -------
        northstar_explain.export.dbt.WrittenDbt

        Raises
        ------
        NorthstarError
            When something cannot be written, in the dialect or on the disk; nothing is written then.
        """
        from northstar_explain.export.dbt import write_dbt

        return write_dbt(self.data, SqlOptions(dialect, table).dialect, Path(out), table, overwrite)

    def write_onnx(self, out: Path | str, overwrite: bool = False) -> WrittenOnnx:
        """Write the model as an ONNX file, for services that speak it; its golden rows prove it first.

        Parameters
        ----------
        out : path
            Such as ``scorecard.onnx``.
        overwrite : bool, default False

        Returns
        -------
        northstar_explain.export.onnx.WrittenOnnx

        Raises
        ------
        NorthstarError
            When the package onnx is not installed, the model cannot be said in ONNX, a golden row is scored
            differently, or the file cannot be written; nothing is written then.
        """
        from northstar_explain.export.onnx import write_onnx

        return write_onnx(self.data, Path(out), overwrite)

    def audit(
        self,
        out: Path | str,
        about: About | Path | str | None = None,
        date: str | None = None,
        overwrite: bool = False,
        progress: Progress = silent,
        customers: Any = None,
        key: Path | str | None = None,
        against: Path | str | None = None,
        sign: Path | str | None = None,
        password: Callable[[], str] = str,
    ) -> WrittenPack:
        """Write an audit pack, which can be checked without this program.

        Parameters
        ----------
        out : path
            The folder for the pack.
        about : About or path of a TOML file, optional
            What people state: owner, purpose, data, inventory; see `report.audit.about.About`.
        date : str, optional
            Of the pack, ISO 8601; the model's where not given.
        overwrite : bool, default False
        progress : callable
        customers : path or table, optional
            The table that the holdout is of. Its rows are then named by id in ``evidence/ids.csv.bz2``, not only by
            their position in the table.
        key : path, optional
            A file of 16 bytes or more: pseudonyms by HMAC-SHA-256 with this key take the place of the ids.
        against : path, optional
            The folder of an earlier model: a chapter says what changed, and ``against/`` holds what decides its scores.
            With `customers`, every row of the holdout is compared, else a hundred golden rows.
        sign : path, optional
            A secret key of minisign, which signs the sums; needs ``northstar-explain[signing]``.
        password : callable
            Gives the password of that key; called only where it has one.

        Returns
        -------
        northstar_explain.report.audit.pack.write_pack.WrittenPack
            With the parity certificate: whether all programs agree on the golden rows.

        Raises
        ------
        NorthstarError
            When `about` or the key cannot be read, the customers are another table, or the folder cannot be written.
        """
        from northstar_explain.api.audit_calls import write_audit

        secret = None if key is None else Path(key)
        old = None if against is None else Path(against)
        signing = None if sign is None else Path(sign)
        return write_audit(
            self.data, Path(out), about, date, overwrite, progress, customers, secret, old, signing, password
        )
