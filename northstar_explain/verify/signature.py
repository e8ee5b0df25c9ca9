"""Signatures of the sums of a pack, detached and in minisign's format: ``minisign -V`` checks them as well.

Cryptography is that of py-minisign, which is optional: whoever signs or checks a signature installs it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, PackError, reading_fault
from northstar_explain.model.pack_layout import SIGNATURE
from northstar_explain.report.audit.pack import checksums
from northstar_explain.verify.pack_files import TAMPERED, Mismatch, absent

LARGEST = 20_000  # bytes of a key or a signature: both are a few lines
_LIBRARY = "pip install 'northstar-explain[signing]'"
_COMMENT = "audit pack of a model"


def signer(key: Path, ask: Callable[[], str]) -> Callable[[bytes], bytes]:
    """What signs bytes with a secret key.

    Parameters
    ----------
    key : Path
        As `minisign -G` writes it.
    ask : callable
        Gives the password; called only where the key has one.

    Returns
    -------
    callable
        Takes the bytes of ``SHA256SUMS`` and returns those of the signature, the same ones each time.

    Raises
    ------
    PackError
        When the key cannot be read, the password is wrong, or the library is not installed.
    """
    library = _library(str(key))
    try:
        secret = library.SecretKey.from_bytes(_small(key))
        if secret.is_encrypted():
            secret.decrypt(ask())
    except library.Error as error:
        raise PackError(str(key), [Fault("key", "a secret key of minisign", str(error))]) from error

    def sign(data: bytes) -> bytes:
        # Without a time, so that the same pack has the same signature.
        return bytes(secret.sign(data, trusted_comment=_COMMENT)) + b"\n"

    return sign


def public_key(text: str) -> Any:
    """A public key, given as such or as a file that holds it: a `minisign.PublicKey`.

    Raises
    ------
    PackError
        When it is none, or the library is not installed.
    """
    library = _library(text)
    try:
        if text.startswith("RW") and not Path(text).exists():
            return library.PublicKey.from_base64(text)
        return library.PublicKey.from_bytes(_small(Path(text)))
    except library.Error as error:
        todo = "Give the line that begins with RW, or the file minisign.pub."
        raise PackError(text, [Fault("public key", "a public key of minisign", str(error), todo)]) from error


def signature_findings(pack: Path, sums: bytes, key: Any) -> list[Mismatch]:
    """Whether the sums of a pack are signed with a key."""
    library = _library(str(pack))
    if checksums.seen(pack, SIGNATURE).instead:
        return [absent(pack, SIGNATURE, "a signature of the sums")]
    try:
        signature = library.Signature.from_bytes(_small(pack / SIGNATURE))
        key.verify(sums, signature)
    except (library.Error, PackError) as error:
        got = str(error) if isinstance(error, library.Error) else "a file that is too large"
        return [Mismatch(TAMPERED, SIGNATURE, "a signature of SHA256SUMS with this key", got)]
    return []


def unreadable_signature(pack: Path) -> list[Mismatch]:
    """What of a signature is no signature, as far as that shows without a key; nothing where there is none."""
    instead = checksums.seen(pack, SIGNATURE).instead
    if instead == checksums.NOTHING:
        return []
    if instead:
        return [Mismatch(TAMPERED, SIGNATURE, "a file, or none", instead)]
    size = (pack / SIGNATURE).stat().st_size
    return [Mismatch(TAMPERED, SIGNATURE, f"{LARGEST:,} bytes at most", f"{size:,}")] if size > LARGEST else []


def _small(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise PackError(str(path), [Fault("file", "a key of minisign", reading_fault(error))]) from error
    if len(data) > LARGEST:
        raise PackError(str(path), [Fault("file", f"{LARGEST:,} bytes at most", "more")])
    return data


def _library(source: str) -> Any:
    try:
        return importlib.import_module("minisign")
    except ModuleNotFoundError as error:
        raise PackError(source, [Fault("signature", "py-minisign", "it is not installed", _LIBRARY)]) from error
