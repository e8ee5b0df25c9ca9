"""Packs with one hostile file each: whatever lies in them, `verify` ends soon, in little memory, with one line per fault.

    PYTHONPATH=tests python -m hostile_inputs PACK 1000

prints how many ended in a clean refusal, how many verified, the slowest, and the peak of memory. Making a pack again,
scoring the golden rows and recomputing the figures are done once for every pack whose model is as it was: they read
nothing of the change. Times are of the processor.
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import reseal, reseal_pack

from northstar_explain.errors import NorthstarError
from northstar_explain.model.folder_format import DECIDING, identity
from northstar_explain.report.audit.pack.write_pack import PackFiles, made_pack
from northstar_explain.verify import certify, check_pack, rebuild_pack, run_libreoffice

LONGEST_S, LARGEST_MB = 10.0, 1_000


def _bytes(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(max(1, len(data)), size=int(rng.integers(1, 64))):
        changed[place : place + 1] = bytes([int(rng.integers(256))])
    return bytes(changed)


def _inside(text: bytes) -> Callable[[bytes, np.random.Generator], bytes]:
    def change(data: bytes, rng: np.random.Generator) -> bytes:
        place = int(rng.integers(len(data) + 1))
        return data[:place] + text + data[place:]

    return change


def _value(text: str) -> Callable[[bytes, np.random.Generator], bytes]:
    """A number or a text of JSON, TOML or CSV replaced by another value."""

    def change(data: bytes, rng: np.random.Generator) -> bytes:
        found = list(re.finditer(rb"-?\d+(?:\.\d+)?|\"[^\"\n]{0,40}\"", data))
        if not found:
            return text.encode()
        one = found[int(rng.integers(len(found)))]
        return data[: one.start()] + text.encode() + data[one.end() :]

    return change


WAYS: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "cut off": lambda data, rng: data[: int(rng.integers(len(data) + 1))],
    "other bytes": _bytes,
    "empty": lambda data, rng: b"",
    "deep": _inside(b"[" * 50_000),
    "long": _inside(b"x" * 300_000),
    "codes": _inside(b"\x1b[31m\x00\xff\xe2\x80\xae\n"),
    "twice": lambda data, rng: data + data,
    # One stream after the other, which is one file of 200 MB to whoever reads it, and quick to make.
    "bomb of bzip2": lambda data, rng: bz2.compress(b"0,train\n" * 1_000_000, 1) * 25,
    "bomb": lambda data, rng: gzip.compress(b"\0" * 10_000_000, compresslevel=1) * 20,
    **{f"value {text[:8]}": _value(text) for text in
       ("1e999", "-1", "9" * 400, "null", "[]", "{}", "NaN", '"' + "y" * 5_000 + '"', "true", "0")},
}  # fmt: skip


def harmed(pack: Path, rng: np.random.Generator, way: str, seal: bool) -> str:
    """Harm one file of a pack, and seal it again where that can be done; the file's name."""
    files = sorted(path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file())
    # What people and programs read first, as often as all others together.
    likely = [
        one for one in files if one.endswith((".json", ".toml", ".parquet", ".gz", ".bz2")) and "tables/" not in one
    ]
    name = str(rng.choice(likely if rng.random() < 0.7 else files))
    path = pack / name
    data = WAYS[way](path.read_bytes(), rng)
    if rng.random() < 0.05:
        path.unlink()
        if rng.random() < 0.5:
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
    else:
        path.write_bytes(data)
    if seal and path.is_file() and not path.is_symlink():
        try:
            files_of = {one: (pack / "model" / one).read_bytes() for one in DECIDING}
            reseal(pack / "model", model_id=identity(files_of))
            reseal_pack(pack)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # what cannot be sealed is left as it is
    return name


class Once:
    """Making a pack again and scoring it, done once as long as the model is as it was."""

    def __init__(self, pack: Path):
        self.made, self.make, self.score = PackFiles(), made_pack, certify.certify
        self.id = json.loads((pack / "manifest.json").read_bytes())["model_id"]
        for path in sorted(pack.rglob("*")):
            name = path.relative_to(pack).as_posix()
            if path.is_file() and name not in ("manifest.json", "SHA256SUMS"):
                self.made.add(name, path.read_bytes(), "")
        self.certificate, self.figures = rebuild_pack._certificate(pack), rebuild_pack._figures
        self.figured = self.figures(pack)

    def make_again(self, model: object, *rest: object) -> object:
        same = model.files == {  # type: ignore[attr-defined]
            name.removeprefix("model/"): data for name, data in self.made.data.items()
            if name.startswith("model/") and not name.endswith("manifest.json")
        }  # fmt: skip
        return (self.made, self.certificate) if same else self.make(model, *rest)  # type: ignore[arg-type]

    def figures_of(self, pack: Path) -> object:
        """The figures, recomputed where anything that they follow from is other than it was."""
        read = [name for name in self.made.data if name.startswith(("model/", "evidence/"))]
        same = all((pack / name).read_bytes() == self.made.data[name] for name in read)
        return self.figured if same else self.figures(pack)

    def certify(self, model: object, *rest: object) -> object:
        return self.certificate if model.id == self.id else self.score(model, *rest)  # type: ignore


def run(pack: Path, inputs: int, seed: int = 0) -> Counter[str]:
    """Verify so many hostile packs; raises whatever is not one of our errors."""
    rng, counts, slowest = np.random.default_rng(seed), Counter[str](), (0.0, "")
    once = Once(pack)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuild_pack, "made_pack", once.make_again)
        patch.setattr(rebuild_pack, "_figures", once.figures_of)
        patch.setattr(certify, "certify", once.certify)
        patch.setattr(run_libreoffice, "program", lambda: None)
        for number in range(inputs):
            way = list(WAYS)[number % len(WAYS)]
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(shutil.copytree(pack, Path(folder) / "pack"))
                name = harmed(copy, rng, way, seal=rng.random() < 0.7)
                begun = time.process_time()
                try:
                    faults = check_pack.verify(copy).faults
                except NorthstarError as error:
                    faults = tuple(error.faults)
                except Exception as error:  # counted, as the others are still to be seen
                    counts["tracebacks"] += 1
                    print(f"{way}, {name}: {type(error).__name__}: {str(error)[:200]}", flush=True)
                    continue
                took = time.process_time() - begun
            counts["refused" if faults else "verified"] += 1
            counts["slow"] += took > LONGEST_S
            # Of each fault one line, with nothing that a terminal obeys.
            texts = [text for one in faults for text in (one.where, one.expected, one.got)]
            if odd := [text for text in texts if not text.isprintable() or len(text) > 4_000]:
                counts["unprintable"] += 1
                print(f"{way}, {name}: {odd[0][:200]!r}", flush=True)
            slowest = max(slowest, (took, f"{way}: {name}"))
            if number % 100 == 99:
                print(f"{number + 1:,} of {inputs:,}: {dict(counts)}, slowest {slowest[0]:.1f} s", flush=True)
    print(f"slowest {slowest[0]:.1f} s ({slowest[1]})")
    return counts


if __name__ == "__main__":
    print(dict(run(Path(sys.argv[1]), int(sys.argv[2]))))
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak
    print(f"peak of memory {int(peak[1]) // 1024} MB")
