"""Checking a pack or a model folder: every checksum, every golden row, and which file or row fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from northstar_explain import model as models
from northstar_explain.errors import ContractError, Fault, ModelError, PackError
from northstar_explain.model import names
from northstar_explain.model.folder_format import FILES, SEAL, json_bytes
from northstar_explain.model.pack_layout import BOOK, LOOKUPS, MANIFEST, MODEL, SCORES, SUMS
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.pack import checksums
from northstar_explain.report.audit.pack.checksums import sha256
from northstar_explain.report.audit.workbook import workbook
from northstar_explain.verify import certify
from northstar_explain.verify.run_duckdb import SqlScripts

TAMPERED, MISSING, EXTRA, ROW = "tampered", "missing", "extra", "row"
_LISTED = "as listed in the manifest"
_RESTORE = "Ask for the pack again; do not use this one."


@dataclass(frozen=True)
class Mismatch:
    """A file or a golden row that is not as it must be.

    Attributes
    ----------
    kind : str
        ``tampered``, ``missing`` or ``extra`` for a file, ``row`` for a golden row.
    where : str
        The path inside the folder, or the row and the program.
    expected, got : str
    """

    kind: str
    where: str
    expected: str
    got: str

    def fault(self) -> Fault:
        """The same as an error shows it."""
        return Fault(f"{self.kind}: {self.where}" if self.kind != ROW else self.where, self.expected, self.got)


@dataclass(frozen=True)
class Verification:
    """Result of a verification.

    Attributes
    ----------
    path : str
    what : str
        ``audit pack`` or ``model folder``.
    model_id : str
    files : int
        How many were listed.
    findings : tuple of Mismatch
    certificate : Certificate or None
        None where the files are too damaged to score the golden rows.
    sums : str
        SHA-256 of ``SHA256SUMS``, or of a model's manifest: what may have been signed.
    """

    path: str
    what: str
    model_id: str
    files: int
    findings: tuple[Mismatch, ...]
    certificate: Certificate | None
    sums: str

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The findings as an error shows them."""
        return tuple(finding.fault() for finding in self.findings)


def verify(path: Path, progress: Callable[[str], None] = lambda stage: None) -> Verification:
    """Recompute every checksum and the parity certificate.

    Parameters
    ----------
    path : Path
        An audit pack or a model folder.
    progress : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    Verification

    Raises
    ------
    PackError
        When it is neither, so that there is nothing to check.
    """
    progress("recomputing the checksums")
    raw = _read(path, MANIFEST)
    # A pack that has lost its manifest is a damaged pack, and not some other folder.
    if raw is None and (path / SUMS).is_file():
        finding = _absent(path, MANIFEST, "the list of all files")
        return Verification(str(path), "audit pack", "unknown", 0, (finding,), None, "")
    if raw is None:
        todo = "Name a folder that `explain audit` or `explain train` has written."
        got = "no manifest.json" if path.is_dir() else "no such folder"
        raise PackError(str(path), [Fault("folder", "an audit pack or a model folder", got, todo)])
    manifest = _parsed(raw)
    if manifest is None or not isinstance(manifest.get("files"), dict):
        if (path / SUMS).is_file():
            finding = Mismatch(TAMPERED, MANIFEST, "a manifest in JSON", "something else")
            return Verification(str(path), "audit pack", "unknown", 0, (finding,), None, "")
        raise PackError(str(path), [Fault(MANIFEST, "a manifest in JSON", "something else", _RESTORE)])
    if manifest.get("kind") == checksums.KIND or (path / SUMS).is_file():
        return _pack(path, raw, manifest, progress)
    return _model(path, raw, manifest, progress)


def require_verified(checked: Verification) -> None:
    """Raise PackError with everything that is wrong, if anything is."""
    if checked.findings:
        raise PackError(checked.path, checked.faults)


def _pack(path: Path, raw: bytes, manifest: dict[str, Any], progress: Callable[[str], None]) -> Verification:
    findings = _manifest_findings(raw, manifest)
    listed = {
        name: str(entry.get("sha256")) if isinstance(entry, dict) else "" for name, entry in manifest["files"].items()
    }
    findings += _file_findings(path, listed, ignored={MANIFEST, SUMS})
    sums = _read(path, SUMS)
    if sums is None:
        findings.append(_absent(path, SUMS, "the sums of all files"))
    # With findings, the manifest may be too damaged for any sums to follow from it: these differ then as well.
    elif (not findings and sums != checksums.sums_bytes(raw)) or (findings and sums != _sums_or_none(raw)):
        findings.append(Mismatch(TAMPERED, SUMS, "what follows from the manifest", _first_difference(sums, raw)))
    # A damaged model cannot be loaded; its checksums have said so already.
    certificate = None
    if not any(finding.where.startswith(f"{MODEL}/") for finding in findings):
        intact = {name for name in listed if name not in {finding.where for finding in findings}}
        certificate, more = _recomputed(path / MODEL, path, intact, progress)
        findings += more
    id = str(manifest.get("model_id", "unknown"))
    if certificate is not None and certificate.model_id != id:
        findings.append(Mismatch(TAMPERED, MANIFEST, f"model_id {certificate.model_id}", id))
    digest = sha256(sums) if sums is not None else ""
    return Verification(str(path), "audit pack", id, len(listed), tuple(findings), certificate, digest)


def _model(path: Path, raw: bytes, manifest: dict[str, Any], progress: Callable[[str], None]) -> Verification:
    findings = _manifest_findings(raw, manifest)
    listed = {name: str(digest) for name, digest in manifest["files"].items()}
    # A manifest that leaves a file out would otherwise leave it unchecked.
    unlisted = [name for name in FILES if name not in listed]
    findings += [Mismatch(TAMPERED, MANIFEST, f"an entry for {name}", "none") for name in unlisted]
    # Users may rename segments at any time: the names are not part of what is sealed.
    findings += _file_findings(path, listed, ignored={MANIFEST, names.FILE})
    certificate = None
    if not any(finding.kind != EXTRA for finding in findings):
        certificate, more = _recomputed(path, None, set(), progress)
        findings += more
    id = str(manifest.get("model_id", "unknown"))
    return Verification(str(path), "model folder", id, len(listed), tuple(findings), certificate, sha256(raw))


def _manifest_findings(raw: bytes, manifest: dict[str, Any]) -> list[Mismatch]:
    """Whether the manifest is sealed, and written as it is always written."""
    try:
        expected, got, same = str(manifest.get(SEAL)), checksums.seal(manifest), raw == json_bytes(manifest)
    except ValueError:  # infinite numbers or lone surrogates: nothing that was ever written
        return [Mismatch(TAMPERED, MANIFEST, "what JSON can hold", "something else")]
    if expected != got:
        return [Mismatch(TAMPERED, MANIFEST, f"SHA-256 {expected[:12]}…", f"{got[:12]}…")]
    if not same:
        return [Mismatch(TAMPERED, MANIFEST, "the bytes that were written", "the same content, written otherwise")]
    return []


def _file_findings(path: Path, listed: Mapping[str, str], ignored: set[str]) -> list[Mismatch]:
    findings = []
    for name, expected in sorted(listed.items()):
        if not checksums.is_inside(name):
            findings.append(Mismatch(TAMPERED, MANIFEST, "paths inside the folder", repr(name)))
            continue
        actual = checksums.seen(path, name)
        if actual.instead:
            kind = MISSING if actual.instead == checksums.NOTHING else TAMPERED
            findings.append(Mismatch(kind, name, _LISTED, actual.instead))
        elif actual.sha256 != expected:
            findings.append(Mismatch(TAMPERED, name, f"SHA-256 {expected[:12]}…", f"{actual.sha256[:12]}…"))
    # A file that the manifest does not list was not there when the pack was written.
    extra = [name for name in checksums.files_below(path) if name not in listed and name not in ignored]
    return findings + [Mismatch(EXTRA, name, "only files that the manifest lists", "another") for name in extra]


def _sums_or_none(raw: bytes) -> bytes | None:
    try:
        return checksums.sums_bytes(raw)
    # Whatever the form of a damaged manifest makes it fail on.
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError):
        return None


def _first_difference(sums: bytes, raw: bytes) -> str:
    expected = (_sums_or_none(raw) or b"").split(b"\n")
    for number, line in enumerate(sums.split(b"\n"), start=1):
        if number > len(expected) or line != expected[number - 1]:
            return f"another line {number}"
    return "fewer lines"


def _recomputed(
    model_path: Path, pack: Path | None, intact: set[str], progress: Callable[[str], None]
) -> tuple[Certificate | None, list[Mismatch]]:
    """Load the model, which scores its golden rows again, then compare every other program with them.

    Workbook and SQL are those of the pack where they are intact, and otherwise made from the model: what was tampered
    with is never run.
    """
    try:
        model = models.load(model_path)
    except (ContractError, ModelError) as error:
        inside = f"{MODEL}/" if pack else ""
        return None, [_load_finding(inside, fault) for fault in error.faults]
    progress("scoring the golden rows with every program available")
    # The pack's own files are what an auditor uses, so they are what is certified.
    book = _read(pack, BOOK) if pack and BOOK in intact else None
    scripts = _scripts(pack) if pack and {LOOKUPS, SCORES} <= intact else None
    certificate = certify.certify(model, book or workbook(model), scripts)
    findings = [
        Mismatch(ROW, f"golden row {slip.row}, {check.program}", slip.expected, slip.got)
        for check in certificate.checks
        for slip in check.slips
    ]
    return certificate, findings


def _scripts(pack: Path) -> SqlScripts | None:
    files = [_read(pack, name) for name in (LOOKUPS, SCORES)]
    texts = [data.decode("utf-8", "replace") for data in files if data is not None]
    return SqlScripts(*texts) if len(texts) == len(files) else None


def _load_finding(inside: str, fault: Fault) -> Mismatch:
    kind = ROW if fault.where.startswith("golden row") else TAMPERED
    return Mismatch(kind, fault.where if kind == ROW else inside + fault.where, fault.expected, fault.got)


def _read(folder: Path, name: str) -> bytes | None:
    """A file's bytes; None where there is no plain file."""
    return None if checksums.seen(folder, name).instead else (folder / name).read_bytes()


def _absent(folder: Path, name: str, expected: str) -> Mismatch:
    instead = checksums.seen(folder, name).instead
    return Mismatch(MISSING if instead == checksums.NOTHING else TAMPERED, name, expected, instead)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
