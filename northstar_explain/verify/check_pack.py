"""Checking a pack or a model folder: every checksum, every golden row, and which file or row fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from northstar_explain import model as models
from northstar_explain.errors import ContractError, Fault, ModelError, PackError, reading_fault
from northstar_explain.model import names
from northstar_explain.model.folder_format import FILES
from northstar_explain.model.golden_reach import Reach, reach_of
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import MANIFEST, MODEL, SIGNATURE, SUMS
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.pack import checksums
from northstar_explain.report.audit.pack.checksums import sha256
from northstar_explain.report.audit.workbook import workbook
from northstar_explain.verify import certify, signature
from northstar_explain.verify.pack_files import (
    DERIVED,
    EXTRA,
    RESTORE,
    ROW,
    TAMPERED,
    Mismatch,
    absent,
    file_findings,
    first_difference,
    manifest_findings,
    parsed,
    read_plain,
    sums_or_none,
)
from northstar_explain.verify.pack_limits import LARGEST_LIST, oversized, unreasonable
from northstar_explain.verify.rebuild_pack import Rebuilt, rebuild

PACK = "audit pack"
_HEX = "[0-9a-fA-F]{64}"


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
    reach : Reach or None
        What the golden rows reach.
    names : tuple of str
        Names of segments that people gave, each beside its id.
    rebuilt : Rebuilt or None
        What came of making the pack again; None for a model folder, and where files differ already.
    signed : bool or None
        Whether the sums are signed with the given key; None where none is given.
    """

    path: str
    what: str
    model_id: str
    files: int
    findings: tuple[Mismatch, ...]
    certificate: Certificate | None
    sums: str
    reach: Reach | None = None
    names: tuple[str, ...] = ()
    rebuilt: Rebuilt | None = None
    signed: bool | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The findings as an error shows them."""
        return tuple(finding.fault() for finding in self.findings)


def verify(
    path: Path,
    progress: Callable[[str], None] = lambda stage: None,
    sums: str | None = None,
    public_key: str | None = None,
) -> Verification:
    """Recompute every checksum and the parity certificate.

    Parameters
    ----------
    path : Path
        An audit pack or a model folder.
    progress : callable
        Called with the name of each stage as it begins.
    sums : str, optional
        What is to be the SHA-256 of the sums, or of a model's manifest, or a file that holds it: kept elsewhere, it
        finds a pack that was changed and sealed again.
    public_key : str, optional
        A public key of minisign, or a file that holds it: the sums must be signed with it.

    Returns
    -------
    Verification

    Raises
    ------
    PackError
        When it is neither, so that there is nothing to check, or too large to be one; or when `sums` is no SHA-256.
    """
    # Both before the long work, which a mistyped one would make useless.
    key = None if public_key is None else signature.public_key(public_key)
    expected = None if sums is None else _digest(sums)
    checked = _checked(path, progress)
    if key is not None:
        checked = _signed(checked, key)
    if expected is None or not checked.sums or expected == checked.sums:
        return checked
    name = SUMS if checked.what == PACK else MANIFEST
    found = Mismatch(TAMPERED, name, f"SHA-256 {expected}, as kept elsewhere", checked.sums)
    return replace(checked, findings=(*checked.findings, found))


def _signed(checked: Verification, key: Any) -> Verification:
    path = Path(checked.path)
    if checked.what != PACK:
        raise PackError(checked.path, [Fault("signature", "an audit pack, as only its sums are signed", checked.what)])
    found = signature.signature_findings(path, read_plain(path, SUMS) or b"", key)
    return replace(checked, findings=(*checked.findings, *found), signed=not found)


def _digest(sums: str) -> str:
    """A SHA-256 as given, or the first in a file that holds it; of a copy of the sums, its own."""
    if re.fullmatch(_HEX, sums):
        return sums.lower()
    todo = "Give the SHA-256 that `explain audit` printed, or a file that holds it."
    try:
        with Path(sums).open("rb") as file:
            data = file.read(LARGEST_LIST)
    except (OSError, ValueError) as error:
        raise PackError(
            sums, [Fault("sums", "64 hexadecimal digits, or a file", reading_fault(error), todo)]
        ) from error
    lines = data.decode("utf-8", "replace").splitlines()
    if len(lines) > 1:
        return sha256(data)
    if not lines or not re.fullmatch(_HEX, word := (lines[0].split() or [""])[0]):
        raise PackError(sums, [Fault("sums", "64 hexadecimal digits", "something else", todo)])
    return word.lower()


def _checked(path: Path, progress: Callable[[str], None]) -> Verification:
    progress("recomputing the checksums")
    if path.is_dir() and (fault := oversized(path, checksums.files_below(path))):
        raise PackError(str(path), [fault.fault()])
    raw = read_plain(path, MANIFEST)
    # A pack that has lost its manifest is a damaged pack, and not some other folder.
    if raw is None and (path / SUMS).is_file():
        finding = absent(path, MANIFEST, "the list of all files")
        return Verification(str(path), PACK, "unknown", 0, (finding,), None, "")
    if raw is None:
        todo = "Name a folder that `explain audit` or `explain train` has written."
        got = "no manifest.json" if path.is_dir() else "no such folder"
        raise PackError(str(path), [Fault("folder", "an audit pack or a model folder", got, todo)])
    manifest = parsed(raw)
    if manifest is None or not isinstance(manifest.get("files"), dict):
        if (path / SUMS).is_file():
            finding = Mismatch(TAMPERED, MANIFEST, "a manifest in JSON", "something else")
            return Verification(str(path), PACK, "unknown", 0, (finding,), None, "")
        raise PackError(str(path), [Fault(MANIFEST, "a manifest in JSON", "something else", RESTORE)])
    if manifest.get("kind") == checksums.KIND or (path / SUMS).is_file():
        return _pack(path, raw, manifest, progress)
    return _model(path, raw, manifest, progress)


def require_verified(checked: Verification) -> None:
    """Raise PackError with everything that is wrong, if anything is."""
    if checked.findings:
        raise PackError(checked.path, checked.faults)


def _pack(path: Path, raw: bytes, manifest: dict[str, Any], progress: Callable[[str], None]) -> Verification:
    findings = manifest_findings(raw, manifest)
    listed = {
        name: str(entry.get("sha256")) if isinstance(entry, dict) else "" for name, entry in manifest["files"].items()
    }
    findings += file_findings(path, listed, ignored={MANIFEST, SUMS, SIGNATURE})
    findings += signature.unreadable_signature(path)
    sums = read_plain(path, SUMS)
    if sums is None:
        findings.append(absent(path, SUMS, "the sums of all files"))
    # With findings, the manifest may be too damaged for any sums to follow from it: these differ then as well.
    elif (not findings and sums != checksums.sums_bytes(raw)) or (findings and sums != sums_or_none(raw)):
        findings.append(Mismatch(TAMPERED, SUMS, "what follows from the manifest", first_difference(sums, raw)))
    # A damaged model cannot be loaded; its checksums have said so already.
    scored = Scored()
    if not any(finding.where.startswith(f"{MODEL}/") for finding in findings):
        scored = _recomputed(path / MODEL, f"{MODEL}/", progress)
        findings += scored.findings
    id = str(manifest.get("model_id", "unknown"))
    if scored.model is not None and scored.model.id != id:
        findings.append(Mismatch(TAMPERED, MANIFEST, f"model_id {scored.model.id}", id))
    rebuilt = None
    if scored.model is not None and not findings:
        # Only then: a pack whose files differ from their own list is refused already.
        rebuilt, more = _made_again(scored.model, path, manifest, progress)
        findings += more
    digest = sha256(sums) if sums is not None else ""
    return Verification(
        str(path), PACK, id, len(listed), tuple(findings), scored.certificate, digest, *scored.said, rebuilt
    )


def _made_again(
    model: Model, path: Path, manifest: dict[str, Any], progress: Callable[[str], None]
) -> tuple[Rebuilt | None, list[Mismatch]]:
    progress("making the pack again from its model")
    try:
        rebuilt = rebuild(model, path, manifest, progress)
    except PackError as error:
        return None, [Mismatch(TAMPERED, fault.where, fault.expected, fault.got) for fault in error.faults]
    findings = [Mismatch(DERIVED, name, "what follows from model/", "something else") for name in rebuilt.differ]
    findings += [
        Mismatch(DERIVED, f"model/evaluation.json, purchase.{name}", "what follows from the evidence", "another figure")
        for name in rebuilt.wrong_figures
    ]
    return rebuilt, findings


def _model(path: Path, raw: bytes, manifest: dict[str, Any], progress: Callable[[str], None]) -> Verification:
    findings = manifest_findings(raw, manifest)
    listed = {name: str(digest) for name, digest in manifest["files"].items()}
    # A manifest that leaves a file out would otherwise leave it unchecked.
    unlisted = [name for name in FILES if name not in listed]
    findings += [Mismatch(TAMPERED, MANIFEST, f"an entry for {name}", "none") for name in unlisted]
    # Users may rename segments at any time: the names are not part of what is sealed.
    findings += file_findings(path, listed, ignored={MANIFEST, names.FILE})
    named = checksums.seen(path, names.FILE).instead
    if named not in ("", checksums.NOTHING):  # a pipe would be waited for
        findings.append(Mismatch(TAMPERED, names.FILE, "a file, or none", named))
    scored = Scored()
    if not any(finding.kind != EXTRA for finding in findings):
        scored = _recomputed(path, "", progress)
        findings += scored.findings
    id = str(manifest.get("model_id", "unknown"))
    return Verification(
        str(path), "model folder", id, len(listed), tuple(findings), scored.certificate, sha256(raw), *scored.said
    )


@dataclass(frozen=True)
class Scored:
    """What came of loading a model and scoring its golden rows."""

    model: Model | None = None
    certificate: Certificate | None = None
    findings: tuple[Mismatch, ...] = ()

    @property
    def said(self) -> tuple[Reach | None, tuple[str, ...]]:
        """What the golden rows reach, and the names that people gave."""
        if self.model is None:
            return None, ()
        given = self.model.names.given
        return reach_of(self.model), tuple(f"{id} is called {name!r}" for id, name in given.items())


def _recomputed(model_path: Path, inside: str, progress: Callable[[str], None]) -> Scored:
    """Load the model, which scores its golden rows again, then compare every program with them."""
    if fault := unreasonable(model_path):
        return Scored(findings=(replace(fault, where=inside + fault.where),))
    try:
        model = models.load(model_path)
        _ = model.evidence  # which loading leaves unread, as scoring needs none of it
    except (ContractError, ModelError) as error:
        return Scored(findings=tuple(_load_finding(inside, fault) for fault in error.faults))
    progress("scoring the golden rows with every program available")
    # Workbook and SQL are those that the model gives, which those of a pack are compared with: of unknown origin, they
    # are not run.
    certificate = certify.certify(model, lambda: workbook(model))
    findings = tuple(
        Mismatch(ROW, f"golden row {slip.row}, {check.program}", slip.expected, slip.got)
        for check in certificate.checks
        for slip in check.slips
    )
    return Scored(model, certificate, findings)


def _load_finding(inside: str, fault: Fault) -> Mismatch:
    kind = ROW if fault.where.startswith("golden row") else TAMPERED
    return Mismatch(kind, fault.where if kind == ROW else inside + fault.where, fault.expected, fault.got)
