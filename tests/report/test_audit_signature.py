"""Signatures of a pack's sums in minisign's format."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from helpers import explain

from northstar_explain.errors import PackError
from northstar_explain.model.pack_layout import SIGNATURE, SUMS
from northstar_explain.model.parity import Certificate
from northstar_explain.verify import certify, check_pack
from northstar_explain.verify.signature import public_key, signature_findings, signer, unreadable_signature

minisign = pytest.importorskip("minisign", reason="northstar-explain[signing] is not installed")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key of each kind, and its public key."""
    folder = tmp_path_factory.mktemp("keys")
    for name, password in (("plain", ""), ("locked", "secret word"), ("other", "")):
        pair = minisign.KeyPair.generate()
        if password:
            pair.secret_key.encrypt(password)
        (folder / f"{name}.key").write_bytes(bytes(pair.secret_key) + b"\n")
        (folder / f"{name}.pub").write_bytes(bytes(pair.public_key) + b"\n")
    return folder


def signed(folder: Path, keys: Path, key: str, password: str = "") -> bytes:
    sums = b"0  a\n"
    (folder / SUMS).write_bytes(sums)
    (folder / SIGNATURE).write_bytes(signer(keys / f"{key}.key", lambda: password)(sums))
    return sums


@pytest.mark.parametrize(("key", "password"), [("plain", ""), ("locked", "secret word")])
def test_a_signature_is_checked_with_its_key_alone(key: str, password: str, keys: Path, tmp_path: Path) -> None:
    sums = signed(tmp_path, keys, key, password)
    before = (tmp_path / SIGNATURE).read_bytes()
    own, other = (public_key(str(keys / f"{name}.pub")) for name in (key, "other"))
    assert signature_findings(tmp_path, sums, own) == []
    assert [one.where for one in signature_findings(tmp_path, sums + b"1  b\n", own)] == [SIGNATURE]
    assert [one.where for one in signature_findings(tmp_path, sums, other)] == [SIGNATURE]
    # The key as one line, and the same bytes each time.
    line = (keys / f"{key}.pub").read_text().splitlines()[1]
    assert signature_findings(tmp_path, sums, public_key(line)) == []
    signed(tmp_path, keys, key, password)
    assert (tmp_path / SIGNATURE).read_bytes() == before


def test_the_trusted_comment_is_signed_too(keys: Path, tmp_path: Path) -> None:
    sums = signed(tmp_path, keys, "plain")
    text = (tmp_path / SIGNATURE).read_text()
    (tmp_path / SIGNATURE).write_text(text.replace("trusted comment: audit", "trusted comment: other", 1))
    assert signature_findings(tmp_path, sums, public_key(str(keys / "plain.pub")))


def test_keys_that_are_none_are_refused(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 20_001)
    (tmp_path / "text").write_text("no key\n")
    with pytest.raises(PackError, match="a secret key of minisign"):
        signer(keys / "locked.key", lambda: "wrong")
    for path, said in ((tmp_path / "big", "20,000 bytes at most"), (tmp_path / "no", "no such file"),
                       (tmp_path / "text", "of minisign")):  # fmt: skip
        with pytest.raises(PackError, match=said):
            signer(path, str)
        with pytest.raises(PackError, match=said):
            public_key(str(path))


def test_what_lies_in_place_of_a_signature_is_told_from_one(keys: Path, tmp_path: Path) -> None:
    assert unreadable_signature(tmp_path) == []
    own = public_key(str(keys / "plain.pub"))
    assert [one.kind for one in signature_findings(tmp_path, b"", own)] == ["missing"]
    os.mkfifo(tmp_path / SIGNATURE)
    assert [one.got for one in unreadable_signature(tmp_path)] == ["not a regular file"]
    assert signature_findings(tmp_path, b"", own)
    (tmp_path / SIGNATURE).unlink()
    (tmp_path / SIGNATURE).write_bytes(b"x" * 30_000)
    assert unreadable_signature(tmp_path) and signature_findings(tmp_path, b"", own)


def test_a_pack_is_signed_and_checked_by_the_commands(
    pack_copy: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is made again has tests of its own, and takes most of the time.
    monkeypatch.setattr(check_pack, "_made_again", lambda *_: (None, []))
    monkeypatch.setattr(certify, "certify", lambda *_: Certificate("m", 0, ()))
    sums = (pack_copy / SUMS).read_bytes()
    assert explain("verify", pack_copy, "--public-key", keys / "plain.pub", "--quiet").exit_code == 1
    (pack_copy / SIGNATURE).write_bytes(signer(keys / "plain.key", str)(sums))
    done = explain("verify", pack_copy, "--public-key", keys / "plain.pub", "--quiet")
    assert done.exit_code == 0, done.output
    assert "signature     of SHA256SUMS with this key" in done.output
    failed = explain("verify", pack_copy, "--public-key", keys / "other.pub", "--quiet")
    assert failed.exit_code == 1 and SIGNATURE in failed.stderr
    # Nobody has to check it: without a key, it is no other file.
    assert explain("verify", pack_copy, "--quiet").exit_code == 0
    refused = explain("verify", pack_copy / "model", "--public-key", keys / "plain.pub", "--quiet")
    assert refused.exit_code == 1 and "an audit pack" in refused.stderr


def test_without_the_library_it_is_named(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(PackError, match=r"pip install 'northstar-explain\[signing\]'"):
        public_key(str(keys / "plain.pub"))
