"""The audit pack from Python: a model in, a pack out, with the ids of the holdout where somebody gives its table."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.first_table import Progress
from northstar_explain.api.train_model import source_of
from northstar_explain.contract.check import check
from northstar_explain.contract.columns import Columns, columns_of, one_array
from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.contract.faults import numbers_rows
from northstar_explain.errors import Fault, PackError
from northstar_explain.model.deciding_part import DecidingPart, load_part
from northstar_explain.options import CsvOptions
from northstar_explain.tables.plain_types import with_plain_types

if TYPE_CHECKING:
    from northstar_explain.model.evaluation.move_facts import Moves
    from northstar_explain.report.audit.about import About
    from northstar_explain.report.audit.pack.evidence_files import RowNames
    from northstar_explain.report.audit.pack.write_pack import WrittenPack
    from northstar_explain.training import Source

# With a shorter key, whoever knows the ids could find it by trying.
_SHORTEST_KEY = 16
# Of the 64 hexadecimal digits; more where two customers would share a pseudonym. They are what takes room in a pack.
_DIGITS = 12
# Rows scored term by term at a time: 80 terms of two models take 25 MB.
_BATCH = 20_000


def write_audit(
    model: models.Model,
    out: Path,
    about: About | Path | str | None,
    date: str | None,
    overwrite: bool,
    progress: Progress,
    customers: Any,
    key: Path | None,
    against: Path | None,
    sign: Path | None,
    password: Callable[[], str],
) -> WrittenPack:
    """Write an audit pack; parameters as of `ModelOutputs.audit`."""
    from northstar_explain.export.sql.pack_sql import pack_sql
    from northstar_explain.report.audit.about import load as load_about
    from northstar_explain.report.audit.pack.write_pack import write_pack
    from northstar_explain.verify.certify import certify
    from northstar_explain.verify.signature import signer

    inputs = [Path(one) for one in (about, customers, key, against, sign) if isinstance(one, Path | str)]
    tables.require_apart([out], inputs, replaces=out)
    if isinstance(about, Path | str):
        about = load_about(Path(about))
    old = None if against is None else load_part(against)
    secret, holdout = _key(key), None if customers is None else _holdout(model, customers, progress)
    names = None if holdout is None else _names(model, holdout, secret, old is not None)
    # First: a wrong password shall not cost the time that a pack takes.
    signing = None if sign is None else signer(sign, password)
    moves = None if holdout is None or old is None else _moves(model, old, holdout, progress)
    # The report is handed the pack's SQL and its certificate, as report, export and verify never import each other.
    return write_pack(
        model, out, pack_sql(model), certify, about, date, overwrite, progress, names, old, signing, moves
    )


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        key = path.read_bytes()
    except OSError as error:
        raise PackError(
            str(path), [Fault("file", "the key of the pseudonyms", error.strerror or str(error))]
        ) from error
    if len(key) < _SHORTEST_KEY:
        todo = "Make one with `head -c 32 /dev/urandom > key`, and keep it: without it, no pseudonym leads to its id."
        raise PackError(str(path), [Fault("key", f"{_SHORTEST_KEY} bytes or more", f"{len(key)}", todo)])
    return key


def _holdout(model: models.Model, customers: Any, progress: Progress) -> Source:
    """The rows of the holdout, in the order of the evidence, from the table that it is of."""
    from northstar_explain.training.manifest import table_hash

    progress("reading the rows of the holdout")
    contract, data = model.contract, model.manifest["data"]
    source = source_of(customers, contract, None, CsvOptions(), progress)
    later = data["holdout_sha256"]
    expected, got = later or data["sha256"], table_hash(source.table)
    if expected != got:
        which = "the later table, which the holdout is" if later else "the table that the model was trained on"
        fault = Fault("values", f"{which}, SHA-256 {expected[:12]}…", f"{got[:12]}…", "Give that table.")
        raise PackError(source.name, [fault])
    rows = pa.array(model.evidence.holdout["row"].to_numpy() - np.int64(1))
    return replace(source, table=source.table.take(rows))


def _names(model: models.Model, holdout: Source, key: bytes | None, compared: bool) -> RowNames | None:
    """The ids of the holdout's rows, or their pseudonyms; none of numbered rows, whose table is given to be scored."""
    from northstar_explain.report.audit.pack.evidence_files import PSEUDONYM, RowNames

    id = model.contract.id
    if numbers_rows(model.contract, holdout.table.schema):
        if compared and key is None:
            return None
        todo = "Leave it out: model/holdout.csv.bz2 names rows by their position already."
        raise PackError(holdout.name, [Fault(f"column {id}", "ids", "none: rows are numbered", todo)])
    ids = id_keys(one_array(with_plain_types(holdout.table, [id])[id])).to_pylist()
    return RowNames("id", ids) if key is None else RowNames(PSEUDONYM, pseudonyms(key, ids))


def _moves(model: models.Model, old: DecidingPart, holdout: Source, progress: Progress) -> Moves:
    from northstar_explain.report.audit.against import moves_of

    progress(f"scoring the {holdout.table.num_rows:,} rows of the holdout with both models")
    positions = model.evidence.holdout["row"].to_numpy()

    def batches() -> Iterator[tuple[Columns, np.ndarray]]:
        for start in range(0, len(positions), _BATCH):
            some = holdout.table.slice(start, _BATCH)
            # Rows of the holdout have kept the contract, so that all of them are accepted again.
            checked = check(some, model.contract, source=holdout.name, as_text=holdout.as_text, numbers=holdout.numbers)
            yield columns_of(checked.accepted, model.contract.features), positions[start : start + _BATCH]

    found = moves_of(model, old, batches())
    if found.lacking:
        todo = "Leave out --customers: terms are compared, and no row is scored by both. Or name an earlier model of "
        todo += "the same features."
        expected = f"features that the table of {model.id} has, of the same kind"
        raise PackError(old.id, [Fault("contract", expected, ", ".join(found.lacking), todo)])
    return found


def pseudonyms(key: bytes, ids: Sequence[str]) -> list[str]:
    """The HMAC-SHA-256 of each id (RFC 2104): its first 12 hexadecimal digits, or as many more as tell all ids apart.

    A hash without a key, salted or not, would be reversed by trying all ids.
    """
    whole = [hmac.new(key, id.encode(), hashlib.sha256).hexdigest() for id in ids]
    different, digits = len(set(whole)), _DIGITS
    while len({one[:digits] for one in whole}) < different:
        digits += 4
    return [one[:digits] for one in whole]
