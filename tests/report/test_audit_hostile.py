"""Packs made to harm: whatever lies in one, verifying it ends soon, in little memory, and says in one line why."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import typeset_once
from helpers import explain, reseal, reseal_pack
from pyarrow import parquet

from northstar_explain import tables
from northstar_explain.errors import NorthstarError, PackError
from northstar_explain.model.folder_format import identity
from northstar_explain.report.audit import about
from northstar_explain.verify import pack_limits, run_libreoffice
from northstar_explain.verify.check_pack import verify

pytestmark = pytest.mark.usefixtures("typeset_once")


@pytest.fixture(autouse=True)
def quick_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip LibreOffice: it has tests of its own."""
    monkeypatch.setattr(run_libreoffice, "program", lambda: None)


def bomb_of_texts(pack: Path) -> None:
    """A text of a megabyte that stands in a million rows, and in the file once."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 1_000_000]))
    _write(pack / "model" / "drift.parquet", pa.table({"of": text.cast(pa.dictionary(pa.int32(), pa.string()))}))


def bomb_of_rows(pack: Path) -> None:
    """Five million rows of eighty columns, equal all."""
    column = pa.array([0.0]).take(pa.array([0] * 5_000_000))
    _write(pack / "model" / "shapes.parquet", pa.table({f"c{i}": column for i in range(20)}))


def nested_rows(pack: Path) -> None:
    _write(pack / "model" / "golden.parquet", pa.table({"a": [[[[1]]]]}))


def deep_json(pack: Path) -> None:
    (pack / "model" / "purchase.json").write_text("[" * 60_000 + "]" * 60_000)


def deep_toml(pack: Path) -> None:
    (pack / "model" / "contract.toml").write_text("a = " + "[" * 5_000 + "]" * 5_000)


def long_title(pack: Path) -> None:
    path = pack / "model" / "contract.toml"
    path.write_text(path.read_text().replace("title = ", "title = '" + "x" * 60_000 + "' #", 1))


def many_groups(pack: Path) -> None:
    path = pack / "model" / "evaluation.json"
    facts = json.loads(path.read_bytes())
    facts["purchase"]["subgroups"] *= 10_000
    path.write_text(json.dumps(facts)[: 20 * 10**6])


def big_segments(pack: Path) -> None:
    (pack / "model" / "segments.json").write_bytes(b" " * 5_000_000)


def long_owner(pack: Path) -> None:
    _state(pack, owner="x" * 10_000)


def other_statements(pack: Path) -> None:
    _state(pack, owner=["a"], limits={"a": 1})


def gzip_bomb(pack: Path) -> None:
    (pack / "tables" / "pairs.csv.gz").write_bytes(gzip.compress(b"\0" * 10_000_000) * 30)


def bzip_bomb(pack: Path) -> None:
    # One stream after the other, which is one file of 320 MB to whoever reads it: compressing them all takes a minute.
    (pack / "model" / "sets.csv.bz2").write_bytes(bz2.compress(b"0,train\n" * 1_000_000, 1) * 40)


def zip_bomb(pack: Path) -> None:
    with zipfile.ZipFile(pack / "scorecard.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        for part in range(4):
            book.writestr(f"xl/{part}.xml", b"\0" * 50_000_000)


def parquet_bomb_among_the_tables(pack: Path) -> None:
    drift = pack / "model" / "drift.parquet"
    sound = drift.read_bytes()
    bomb_of_texts(pack)
    drift.rename(pack / "tables" / "terms.parquet")
    drift.write_bytes(sound)


def huge_file(pack: Path) -> None:
    with (pack / "tables" / "terms.csv").open("wb") as file:
        file.truncate(3_000_000_000)  # sparse: it takes no room on the disk


def huge_manifest(pack: Path) -> None:
    (pack / "manifest.json").write_bytes(b" " * 5_000_000)


def deep_manifest(pack: Path) -> None:
    (pack / "manifest.json").write_text('{"files": ' + "[" * 100_000)


def terminal_codes(pack: Path) -> None:
    (pack / "a\nb\x1b[31m\u202e").write_text("")


def bytes_that_are_no_text(pack: Path) -> None:
    Path(os.fsdecode(os.fsencode(pack) + b"/\xff\xfe")).write_text("")


def pipe(pack: Path) -> None:
    (pack / "audit.pdf").unlink()
    os.mkfifo(pack / "audit.pdf")


def loop(pack: Path) -> None:
    (pack / "tables" / "again").symlink_to(pack)


def _write(path: Path, table: pa.Table) -> None:
    parquet.write_table(table, path, compression="zstd")


def _state(pack: Path, **statements: object) -> None:
    manifest = json.loads((pack / "manifest.json").read_bytes())
    manifest["statements"] |= statements
    (pack / "manifest.json").write_text(json.dumps(manifest))


# Those of the second list are left as they are: what seals a pack could not read them.
SEALED: list[Callable[[Path], None]] = [
    bomb_of_texts, bomb_of_rows, nested_rows, deep_json, deep_toml, long_title, many_groups, big_segments, long_owner,
    other_statements, gzip_bomb, bzip_bomb, zip_bomb, parquet_bomb_among_the_tables,
]  # fmt: skip
UNSEALED: list[Callable[[Path], None]] = [
    huge_file, huge_manifest, deep_manifest, terminal_codes, bytes_that_are_no_text, pipe, loop,
]  # fmt: skip


def harm(pack: Path, how: Callable[[Path], None]) -> None:
    how(pack)
    if how in SEALED:
        names = ("contract.toml", "segments.json", "scorecard.parquet", "purchase.json")
        reseal(pack / "model", model_id=identity({one: (pack / "model" / one).read_bytes() for one in names}))
        reseal_pack(pack)


@pytest.mark.parametrize("how", [*SEALED, *UNSEALED], ids=lambda how: how.__name__)
def test_a_hostile_pack_is_refused_soon_and_on_one_line_each(how: Callable[[Path], None], pack_copy: Path) -> None:
    harm(pack_copy, how)
    begun = time.process_time()
    result = explain("verify", pack_copy, "--quiet")
    assert time.process_time() - begun < 10
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr and len(result.stderr) < 20_000
    assert all(line.isprintable() for line in result.stderr.splitlines()), result.stderr
    lines = [line for line in result.stderr.splitlines() if "expected" in line or "faults" in line]
    assert len(lines) == len(result.stderr.splitlines())


MEASURED = """
import re, sys
from northstar_explain.verify import check_pack, run_libreoffice
from northstar_explain.errors import NorthstarError
from pathlib import Path
from typeset_once import keep_typeset
run_libreoffice.program = lambda: None
keep_typeset()  # of packs of one model, the first is typeset
import pyarrow, interpret.glassbox, northstar_explain.report.audit.pack.write_pack
for path in sys.argv[1:]:
    assert check_pack.verify(Path(path)).findings
# Not what getrusage has: that begins with the peak of the process that started this one.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_bombs_take_less_than_a_gigabyte(pack: Path, tmp_path: Path) -> None:
    import shutil

    packs = []
    for how in (bomb_of_texts, bomb_of_rows, gzip_bomb, bzip_bomb, zip_bomb, parquet_bomb_among_the_tables):
        packs.append(Path(shutil.copytree(pack, tmp_path / how.__name__)))
        harm(packs[-1], how)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, packs)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(typeset_once.__file__).parent)},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000


def test_a_pipe_in_place_of_the_names_is_not_waited_for(model_copy: Path) -> None:
    os.mkfifo(model_copy / "names.toml")
    (found,) = verify(model_copy).findings
    assert (found.where, found.got) == ("names.toml", "not a regular file")


def test_limits_leave_room_for_what_we_write(pack: Path, model_dir: Path) -> None:
    for folder in (pack / "model", model_dir):
        assert pack_limits.unreasonable(folder) is None
    assert pack_limits.oversized(pack, [path.relative_to(pack).as_posix() for path in pack.rglob("*")]) is None
    for path in (pack / "tables").glob("*.parquet"):
        assert pack_limits.decoded_fault(path.read_bytes(), 10**6) is None, path
    assert tables.read_parquet_bytes((pack / "tables" / "terms.parquet").read_bytes()).num_rows


@pytest.mark.parametrize("text", ["x" * 201, "word " * 500])
def test_a_statement_that_no_page_can_hold_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "about.toml"
    path.write_text(f'owner = "{text}"', encoding="utf-8")
    with pytest.raises(PackError, match="2,000 characters at most"):
        about.load(path)


# Sums that were kept elsewhere.


def test_a_pack_sealed_again_is_found_by_sums_kept_elsewhere(pack: Path, pack_copy: Path, tmp_path: Path) -> None:
    kept = hashlib.sha256((pack / "SHA256SUMS").read_bytes()).hexdigest()
    assert explain("verify", pack, "--sums", kept, "--quiet").exit_code == 0
    for name in ("model/names.toml", "certificate.json"):
        path = pack_copy / name
        path.write_text(path.read_text() + "\n" if path.exists() else '[segments]\nS1 = "Better"\n')
    reseal_pack(pack_copy)
    (tmp_path / "kept").write_text(f"{kept}  SHA256SUMS\n")
    (tmp_path / "copy").write_bytes((pack / "SHA256SUMS").read_bytes())
    for sums in (kept.upper(), str(tmp_path / "kept"), str(tmp_path / "copy")):
        last = verify(pack_copy, sums=sums).findings[-1]
        assert (last.where, last.expected) == ("SHA256SUMS", f"SHA-256 {kept}, as kept elsewhere")


@pytest.mark.parametrize("sums", ["", "abc", "0" * 63, "no/such/file"])
def test_sums_that_are_none_are_refused(sums: str, pack: Path) -> None:
    with pytest.raises(NorthstarError, match="64 hexadecimal digits"):
        verify(pack, sums=sums)
