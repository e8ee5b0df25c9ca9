"""The files of a pack or a model folder against their manifest: tampered, missing, extra."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault
from northstar_explain.model.folder_format import SEAL, json_bytes
from northstar_explain.model.pack_layout import MANIFEST
from northstar_explain.report.audit.pack import checksums

TAMPERED, MISSING, EXTRA, ROW, DERIVED = "tampered", "missing", "extra", "row", "not what the model gives"
_LISTED = "as listed in the manifest"
_LONGEST = 300  # of a text of unknown origin in an error
RESTORE = "Ask for the pack again; do not use this one."


@dataclass(frozen=True)
class Mismatch:
    """A file or a golden row that is not as it must be.

    Attributes
    ----------
    kind : str
        ``tampered``, ``missing`` or ``extra`` for a file, ``not what the model gives`` for one that is sealed and still
        not what is made from the model, ``row`` for a golden row.
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
        where, expected, got = map(printable, (self.where, self.expected, self.got))
        return Fault(f"{self.kind}: {where}" if self.kind != ROW else where, expected, got)


def printable(text: str) -> str:
    """A text of unknown origin on one line, without what a terminal would obey."""
    # A name of a file may hold line breaks, codes of terminals, or bytes that are no text; a key may fill a screen.
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return text if text.isprintable() else ascii(text)


def manifest_findings(raw: bytes, manifest: dict[str, Any]) -> list[Mismatch]:
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


def file_findings(path: Path, listed: Mapping[str, str], ignored: set[str]) -> list[Mismatch]:
    """Files that are not as they are listed, and files that are not listed."""
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


def sums_or_none(raw: bytes) -> bytes | None:
    """The sums that follow from a manifest; None where it is too damaged."""
    try:
        return checksums.sums_bytes(raw)
    # Whatever the form of a damaged manifest makes it fail on.
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError):
        return None


def first_difference(sums: bytes, raw: bytes) -> str:
    """Where the sums are not those of a manifest."""
    expected = (sums_or_none(raw) or b"").split(b"\n")
    for number, line in enumerate(sums.split(b"\n"), start=1):
        if number > len(expected) or line != expected[number - 1]:
            return f"another line {number}"
    return "fewer lines"


def read_plain(folder: Path, name: str) -> bytes | None:
    """A file's bytes; None where there is no plain file."""
    return None if checksums.seen(folder, name).instead else (folder / name).read_bytes()


def absent(folder: Path, name: str, expected: str) -> Mismatch:
    """The finding for a file that has to be there."""
    instead = checksums.seen(folder, name).instead
    return Mismatch(MISSING if instead == checksums.NOTHING else TAMPERED, name, expected, instead)


def parsed(raw: bytes) -> dict[str, Any] | None:
    """A manifest's content; None where it is no JSON object."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
