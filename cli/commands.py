"""What each subcommand does: call the library, print the result, return the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from northstar_explain.cli.output import print_out, remark
from northstar_explain.cli.progress import progress

if TYPE_CHECKING:
    import datetime

    from northstar_explain.options import CsvOptions, MoneyOptions, SqlOptions

TOO_MANY_REJECTED = 3


def simulate(out: Path, customers: int, seed: int, overwrite: bool, quiet: bool) -> None:
    """Write simulated customers and, beside them, the truth."""
    from northstar_explain import api

    with progress(quiet) as report:
        api.simulate_customers(customers, seed, out, overwrite, report)


def simulate_months(
    out: Path, customers: int, seed: int, months: int, campaign: Path | None, month: int | None, overwrite: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Write simulated customers month by month."""
    from northstar_explain import api

    with progress(quiet) as report:
        api.simulate_months(months, customers, seed, out, campaign, month, overwrite, report)


def init(
    table: Path, id_column: str | None, label: str | None, positive: str | None, ask: bool, out: Path,
    overwrite: bool, csv: CsvOptions,
) -> None:  # fmt: skip
    """Write a drafted contract, and say what it leaves open."""
    from northstar_explain import api
    from northstar_explain.cli.questions import ask_here
    from northstar_explain.contract.draft_questions import open_questions

    text = api.draft_contract(
        table, id_column, label, out, overwrite, csv, remark, positive=positive, ask=ask_here if ask else None
    )  # fmt: skip
    for line in text.splitlines():
        if line.startswith("# ") and (" is left out: " in line or " is no figure: " in line):
            remark(f"{out}: {line.removeprefix('# ')}")
    remark_open(out, open_questions(text))


def remark_open(contract: Path | str, questions: Sequence[str]) -> None:
    """Name the questions of a contract that are open."""
    if not questions:
        remark(f"{contract}: no question is open")
    for question in questions:
        remark(f"{contract}: CONFIRM: {question}")


def playbook(
    model: Path,
    out: Path | None,
    plan: Path | None,
    check: bool,
    overwrite: bool,
    quiet: bool,
    memo: Path | None,
    audit: Path | None,
    money: MoneyOptions,
    uplift: Path | None,
) -> int:
    """Write the playbook, or list what is still open in its plan."""
    leave_pandas_out()
    from northstar_explain import api, tables

    if out is not None:
        tables.require_apart([out], [model, *([plan] if plan else [])])
    loaded = api.load(model)
    if out is None or check:
        findings = loaded.check_plan(plan)
        for finding in findings:
            print_out(str(finding))
        return 1 if findings else 0
    with progress(quiet) as report:
        written = loaded.playbook(out, plan, overwrite, report, memo, audit, money, uplift)
    for path in written.files:
        print_out(str(path), f"The playbook is written to {out}.")
    for id in written.long:
        remark(f"{written.pdf}: page {id} takes more than one sheet; its texts are too long")
    if written.without_font:
        remark(f"{written.pdf}: {written.without_font}")
    return 0


def write_plan(model: Path, out: Path, overwrite: bool) -> int:
    """Write what the playbook proposes."""
    leave_pandas_out()
    from northstar_explain import api, tables

    tables.require_apart([out], [model])
    print_out(str(api.load(model).write_plan(out, overwrite)))
    return 0


def sql(model: Path, options: SqlOptions, out: Path | None, overwrite: bool) -> None:
    """Print the statement, or write it with the tables that it reads."""
    leave_pandas_out()
    from northstar_explain import api, tables

    if out is None:
        text = api.load(model).sql(options.dialect, options.table, options.view, options.scores, options.prefix)
        print_out(text, newline=False)
        return
    tables.require_apart([out], [model])
    tables.require_free(out, overwrite)
    api.load(model).write_sql(out, options, overwrite)


def dbt(model: Path, dialect: str, table: str, out: Path, overwrite: bool) -> None:
    """Write the model as a dbt package."""
    leave_pandas_out()
    from northstar_explain import api, tables

    tables.require_apart([out], [model])
    tables.require_free(out, overwrite, folder=True)
    written = api.load(model).write_dbt(dialect, out, table, overwrite)
    print_out(f"{out}: {written.files} files; see README.md there", f"{out} is written.")


def export(model: Path, onnx: Path, overwrite: bool) -> None:
    """Write the model as ONNX."""
    leave_pandas_out()
    from northstar_explain import api, tables

    tables.require_apart([onnx], [model])
    tables.require_free(onnx, overwrite)
    written = api.load(model).write_onnx(onnx, overwrite)
    proof = f"{written.proof.rows:,} golden rows scored the same, within {written.proof.largest_difference:.0e}"
    print_out(f"{onnx}: {len(written.inputs)} inputs, {written.size_bytes:,} bytes; {proof}", f"{onnx} is written.")


def compare(
    model: Path, out: Path, playbook: Path | None, audit: Path | None, money: MoneyOptions, uplift: Path | None,
    owner: str, decide_by: datetime.datetime | None, overwrite: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write the comparison memo."""
    from northstar_explain import api, tables

    tables.require_apart([out], [model])
    with progress(quiet) as report:
        paths = api.load(model).compare(
            out, overwrite, report, playbook, audit, money, uplift, owner,
            decide_by.date().isoformat() if decide_by else None,
        )  # fmt: skip
    for path in paths:
        print_out(str(path), f"The memo is written to {out}.")


def audit(
    model: Path, out: Path, about: Path | None, date: str | None, overwrite: bool, quiet: bool,
    customers: Path | None, key: Path | None, against: Path | None, sign: Path | None,
) -> None:  # fmt: skip
    """Write an audit pack."""
    from northstar_explain import api, tables
    from northstar_explain.cli.certificate_table import certificate_lines

    tables.require_apart([out], [model, *(one for one in (about, customers, key, against, sign) if one)], replaces=out)
    with progress(quiet) as report:
        written = api.load(model).audit(
            out, about, date, overwrite, report, customers, key, against, sign,
            lambda: click.prompt("Password of the key", hide_input=True, err=True),
        )  # fmt: skip
    certificate = certificate_lines(written.certificate)
    lines = [f"{written.folder}: {written.files} files", *certificate, f"  {'SHA256SUMS':<14}{written.sums}"]
    # One print for all lines: where stdout fails, the message says that the pack is there.
    print_out("\n".join(lines), f"The pack is written to {out}.")
    if not written.certificate.passed:
        remark(f"{out}: the programs do not agree; see the parity certificate")
        sys.exit(1)


def verify(path: Path, quiet: bool, sums: str | None = None, public_key: str | None = None) -> None:
    """Check a pack or a model folder."""
    from northstar_explain import api
    from northstar_explain.cli.certificate_table import certificate_lines, rebuilt_lines
    from northstar_explain.verify.check_pack import require_verified

    with progress(quiet) as report:
        checked = api.verify(path, report, sums, public_key)
    print_out(f"{checked.path}: {checked.what} of model {checked.model_id}, {checked.files} files listed")
    if checked.certificate is not None:
        for line in (*certificate_lines(checked.certificate), *rebuilt_lines(checked)):
            print_out(line)
    # The hash that a person may compare with one received by another way.
    name = "SHA256SUMS" if checked.what == "audit pack" else "manifest.json"
    print_out(f"  {name:<14}{checked.sums}")
    if checked.signed:
        print_out(f"  {'signature':<14}of {name} with this key")
    # After the table, so that the programs that do agree are seen as well.
    require_verified(checked)
    print_out("verified")


def show(model: Path, as_json: bool) -> None:
    """Print a model's facts."""
    leave_pandas_out()
    from northstar_explain import api

    loaded = api.load(model)
    if as_json:
        print_out(json.dumps(loaded.facts(), indent=1, ensure_ascii=False))
    else:
        print_facts(loaded.data)


def print_facts(model: object, done: str = "") -> None:
    """Print the facts of a model; `done` is what has been written so far, for an error."""
    from northstar_explain.cli.fact_tables import facts_text
    from northstar_explain.model.learned_model import Model

    assert isinstance(model, Model)
    print_out(facts_text(model), done)


def leave_pandas_out() -> None:
    """Keep PyArrow from importing pandas in this process.

    PyArrow looks for pandas when it first makes an array, and takes half a second to import it where it finds it.
    It looks only once: where it finds nothing, it continues without.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """Finds no pandas; a finder by its method alone, as importlib.abc takes long to load."""

    @staticmethod
    def find_spec(fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)
