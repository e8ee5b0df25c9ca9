"""What a folder or a pattern stands for: every table below it, or an error that names what could not be seen."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import contents

from northstar_explain import tables
from northstar_explain.errors import TableError
from northstar_explain.model import Model
from northstar_explain.score import inputs, run


@pytest.fixture
def week(tmp_path: Path) -> Path:
    folder = tmp_path / "week"
    for name in (
        "a.csv",
        "monday/b.csv",
        "monday/late/c.csv",
        "_old/d.csv",
        ".e.csv",
        "tuesday.parquet/f.csv",
        "z.csv",
        "g.txt",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n1\n")
    return folder


def found(folder: Path, name: str = "") -> list[str]:
    return [str(path.relative_to(folder)) for path in tables.find([folder / name]).files]


def test_patterns_and_folders_give_files_by_their_path(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = ["a.csv", "monday/b.csv", "monday/late/c.csv", "tuesday.parquet/f.csv", "z.csv"]
    assert found(week) == every
    assert found(week, "**/*.csv") == every
    assert found(week, "*.csv") == ["a.csv", "z.csv"]
    (week / "g.txt").unlink()
    assert found(week, "*") == every
    assert found(week, "*/*.csv") == ["monday/b.csv", "tuesday.parquet/f.csv"]
    assert found(week, "monday/../m?nday/*/c.[ct]sv") == ["monday/../monday/late/c.csv"]
    assert found(week, "_old/*.csv") == ["_old/d.csv"]
    monkeypatch.chdir(week)
    assert [str(path) for path in tables.find(["*/late/*"]).files] == ["monday/late/c.csv"]
    with pytest.raises(TableError, match=r"a\.csv/\*\.csv: files: expected files that end in .*; got no such file"):
        found(week, "a.csv/*.csv")


def refuse(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system refuse to list a folder; whom it refuses nothing can test it only so."""
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    patch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("name", ["", "**/*.csv", "*/late/*.csv", "monday"])
def test_a_folder_that_cannot_be_listed_is_named(name: str, week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, week / "monday" / "late")
    with pytest.raises(TableError) as refused:
        found(week, name)
    message = f"{week / 'monday' / 'late'}: folder: expected a folder that can be listed; got Permission denied. "
    assert str(refused.value).startswith(message)


def test_a_folder_that_is_not_wanted_may_be_shut(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, week / "monday")
    assert found(week, "*.csv") == ["a.csv", "z.csv"]
    refuse(monkeypatch, week / "_old")
    assert found(week, "tues*") == ["tuesday.parquet/f.csv"]


@pytest.mark.parametrize("name", ["", "*", "**/*"])
@pytest.mark.parametrize("link", ["h.csv", "wednesday"])
def test_a_link_to_nothing_is_named(name: str, link: str, week: Path) -> None:
    (week / "g.txt").unlink()
    (week / link).symlink_to(week / "nowhere")
    with pytest.raises(TableError, match=f"{link}: folder: expected a file or a folder; got a broken link"):
        found(week, name)
    (week / link).unlink()
    (week / link).symlink_to(link)
    with pytest.raises(TableError, match=f"{link}: folder: expected a file or a folder; got Too many levels"):
        found(week, name)


def test_links_are_followed_but_not_in_circles(week: Path, tmp_path: Path) -> None:
    (week / "x.lock").symlink_to("someone@host")  # an editor's, which is no table
    other = tmp_path / "other"
    other.mkdir()
    (other / "i.csv").write_text("x\n1\n")
    (week / "linked").symlink_to(other)
    assert found(week) == [
        "a.csv",
        "linked/i.csv",
        "monday/b.csv",
        "monday/late/c.csv",
        "tuesday.parquet/f.csv",
        "z.csv",
    ]
    (other / "back").symlink_to(week)
    with pytest.raises(
        TableError, match="linked/back: folder: expected one that does not contain itself; got a link to"
    ):
        found(week)


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
@pytest.mark.parametrize("stage", ["reading the ids", "scoring"])
def test_a_file_that_is_removed_meanwhile_is_named(
    stage: str, ending: str, some: pa.Table, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BATCH", 64)
    folder = tmp_path / "week"
    for name in ("a", "b"):
        tables.write(some.slice(150 * (name == "b"), 150), folder / f"{name}.{ending}")

    def remove(stage_text: str) -> None:
        if stage_text.startswith(stage):
            (folder / f"b.{ending}").unlink(missing_ok=True)

    with pytest.raises(TableError) as refused:
        run(model, folder, tmp_path / "out" / "s.csv", progress=remove)
    message = f"{folder / f'b.{ending}'}: file: expected a file that can be read; got one that was removed meanwhile. "
    assert str(refused.value).startswith(message)
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_a_file_that_may_not_be_read_is_named(
    ending: str, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    tables.write(some, path)

    def refused(*args: object, **named: object) -> None:
        raise PermissionError(errno.EACCES, f"Failed to open local file '{path}'")

    monkeypatch.setattr("pyarrow.OSFile", refused)
    monkeypatch.setattr("pyarrow.parquet.ParquetFile", refused)
    monkeypatch.setattr("northstar_explain.tables.csvs.read_header", refused)
    message = f"{path}: file: expected a file that can be read; got Permission denied. Check the file"
    for reads in (tables.read, lambda path: tables.find([path]).schema(0)):
        with pytest.raises(TableError) as found:
            reads(path)
        assert str(found.value).startswith(message)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_too_little_memory_names_the_file_and_both_causes(
    ending: str, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    tables.write(some, path)

    def lacking(*args: object, **named: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    monkeypatch.setattr("pyarrow.OSFile", lacking)
    monkeypatch.setattr("pyarrow.parquet.ParquetFile", lacking)
    for reads in (tables.read, lambda path: tables.find([path]).schema(0)):
        with pytest.raises(TableError, match="that fits into memory; got malloc of size 64 failed") as found:
            reads(path)
        assert "may be damaged" in str(found.value)  # a damaged length may ask for any amount
        assert "If it is whole, it needs more memory." in str(found.value)
