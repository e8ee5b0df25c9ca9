"""The audit pack from Python: a model in, a pack out, with the ids of the holdout where somebody gives its table."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.first_table import Progress
from northstar_explain.api.train_model import source_of
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.contract.faults import numbers_rows
from northstar_explain.errors import Fault, PackError
from northstar_explain.model.deciding_part import load_part
from northstar_explain.options import CsvOptions
from northstar_explain.tables.plain_types import with_plain_types

if TYPE_CHECKING:
    from northstar_explain.report.audit.about import About
    from northstar_explain.report.audit.pack.evidence_files import RowNames
    from northstar_explain.report.audit.pack.write_pack import WrittenPack

# With a shorter key, whoever knows the ids could find it by trying.
_SHORTEST_KEY = 16
# Of the 64 hexadecimal digits; more where two customers would share a pseudonym. They are what takes room in a pack.
_DIGITS = 12


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
    names = None if customers is None else _names(model, customers, _key(key), progress)
    # First: a wrong password shall not cost the time that a pack takes.
    signing = None if sign is None else signer(sign, password)
    old = None if against is None else load_part(against)
    # The report is handed the pack's SQL and its certificate, as report, export and verify never import each other.
    return write_pack(model, out, pack_sql(model), certify, about, date, overwrite, progress, names, old, signing)


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


def _names(model: models.Model, customers: Any, key: bytes | None, progress: Progress) -> RowNames:
    """The ids of the holdout's rows, or their pseudonyms, from the table that the holdout is of."""
    from northstar_explain.report.audit.pack.evidence_files import PSEUDONYM, RowNames
    from northstar_explain.training.manifest import table_hash

    progress("reading the ids of the holdout")
    contract, data = model.contract, model.manifest["data"]
    source = source_of(customers, contract, None, CsvOptions(), progress)
    later = data["holdout_sha256"]
    expected, got = later or data["sha256"], table_hash(source.table)
    if expected != got:
        which = "the later table, which the holdout is" if later else "the table that the model was trained on"
        fault = Fault("values", f"{which}, SHA-256 {expected[:12]}…", f"{got[:12]}…", "Give that table.")
        raise PackError(source.name, [fault])
    if numbers_rows(contract, source.table.schema):
        todo = "Leave it out: model/holdout.csv.bz2 names rows by their position already."
        raise PackError(source.name, [Fault(f"column {contract.id}", "ids", "none: rows are numbered", todo)])
    plain = with_plain_types(source.table, [contract.id])[contract.id]
    rows = pa.array(model.evidence.holdout["row"].to_numpy() - np.int64(1))
    ids = id_keys(one_array(plain).take(rows)).to_pylist()
    return RowNames("id", ids) if key is None else RowNames(PSEUDONYM, pseudonyms(key, ids))


def pseudonyms(key: bytes, ids: Sequence[str]) -> list[str]:
    """The HMAC-SHA-256 of each id (RFC 2104): its first 12 hexadecimal digits, or as many more as tell all ids apart.

    A hash without a key, salted or not, would be reversed by trying all ids.
    """
    whole = [hmac.new(key, id.encode(), hashlib.sha256).hexdigest() for id in ids]
    different, digits = len(set(whole)), _DIGITS
    while len({one[:digits] for one in whole}) < different:
        digits += 4
    return [one[:digits] for one in whole]
