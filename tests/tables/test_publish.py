"""Publishing: killed or failing at any step, the outputs are the old ones or the new ones, whole."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from helpers import contents

from northstar_explain.errors import NorthstarError, OutputError
from northstar_explain.tables import journal, staging
from northstar_explain.tables.publish import Publication, publish, publish_folder, replacing

Write = Callable[[Path, str], None]
_CHANGES = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync", "symlink")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are counted and failed, not waited for."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


class Killed(BaseException):
    """What is raised in place of a kill: from then on, nothing changes on the disk."""


class Steps:
    """Every change of names and every sync, counted, one of them or all from one on failing."""

    def __init__(self, patch: pytest.MonkeyPatch, exchanges: bool = True):
        self.count = 0
        self.fails: Callable[[int], BaseException | None] = lambda number: None
        for name in _CHANGES:
            patch.setattr(os, name, self._counted(getattr(os, name)))
        patch.setattr(journal, "exchange", self._counted(journal.exchange) if exchanges else lambda one, other: False)

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            self.count += 1
            if error := self.fails(self.count):
                raise error
            return real(*args, **options)

        return step


def failed_at(number: int) -> Callable[[int], BaseException | None]:
    return lambda count: OSError(errno.EIO, "Input/output error") if count == number else None


def one_file(folder: Path, content: str) -> None:
    publish({folder / "a": content.encode()})


def one_folder(folder: Path, content: str) -> None:
    publish_folder(folder / "f", {"a": content.encode(), f"in/{content}": b"b"})


def three_files(folder: Path, content: str) -> None:
    publish({folder / name: content.encode() for name in "abc"})


def one_goes(folder: Path, content: str) -> None:
    with Publication() as new:
        new.stage(folder / "a").write_text(content)
        if content == "old":
            new.stage(folder / "rejected").write_text(content)
        else:
            new.remove(folder / "rejected")


def a_folder_among_files(folder: Path, content: str) -> None:
    with Publication() as new:
        new.stage(folder / "a").write_text(content)
        new.stage_folder(folder / "f", {"x": content.encode()})
        new.stage(folder / f"only.{content}").write_text(content)


def from_a_work_folder(folder: Path, content: str) -> None:
    work = folder / ".s.work"
    (work / "scores").mkdir(parents=True, exist_ok=True)
    (work / "scores" / content).write_text(content)
    (work / "report").write_text(content)
    with Publication() as new:
        new.take(work / "scores", folder / "s")
        new.take(work / "report", folder / "s.report.json")
        new.discard(work)


CASES = [one_file, one_folder, three_files, one_goes, a_folder_among_files, from_a_work_folder]


def visible(folder: Path) -> dict[str, bytes | None]:
    return {name: data for name, data in contents(folder).items() if not name.startswith(".")}


@contextmanager
def all_others_dead() -> Iterator[None]:
    """As the next process sees it: what this one left is of a process that is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "_is_running", lambda name: False)
        yield


def torture(write: Write, folder: Path, how: str, exchanges: bool) -> int:
    """Let each step fail in turn; give how many there were."""
    number, seen = 0, set()
    while True:
        number += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(folder, "old")
        old = visible(folder)
        ended = ""
        with pytest.MonkeyPatch.context() as patch:
            steps = Steps(patch, exchanges)
            steps.fails = {
                "killed": lambda count, n=number: Killed() if count >= n else None,
                "one error": lambda count, n=number: OSError(errno.EIO, "Input/output error") if count == n else None,
                "a broken disk": lambda count, n=number: OSError(errno.EIO, "Input/output error") if count >= n else None,
            }[how]  # fmt: skip
            try:
                write(folder, "new")
                ended = "published"
            except Killed:
                ended = "killed"
            except (NorthstarError, OSError) as error:  # the second where a case itself makes its work folder
                assert "Input/output error" in str(error)
                ended = "refused"
        left = visible(folder)
        intents = staging.intents(folder)
        with all_others_dead():
            journal.settle(*(folder / name for name in old), folder / "x")
        found = visible(folder)
        with all_others_dead():
            write(folder, "new")
        new = visible(folder)
        assert new != old
        assert found in (old, new), (number, found)
        assert left == found or intents, (number, left)
        if ended == "published":
            assert found == new
        if ended == "refused" and how == "one error":
            assert found == old, number
        assert [name for name in contents(folder) if name.startswith(".")] == [], number
        seen.add(found == old)
        if steps.count < number:
            assert seen == {True, False} or (how == "one error" and number > 2)
            return number - 1


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("how", ["killed", "one error", "a broken disk"])
@pytest.mark.parametrize("write", CASES)
def test_at_every_step_all_is_old_or_all_is_new(write: Write, how: str, exchanges: bool, tmp_path: Path) -> None:
    if how == "one error" and not exchanges:
        pytest.skip("what cannot be exchanged cannot always be put back; the next test has it")
    assert torture(write, tmp_path / "out", how, exchanges) >= 4


@pytest.mark.parametrize("write", CASES)
def test_without_exchange_an_error_is_completed_by_the_next(write: Write, tmp_path: Path) -> None:
    number = 0
    while True:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, "old")
        old = visible(folder)
        with pytest.MonkeyPatch.context() as patch:
            steps = Steps(patch, exchanges=False)
            steps.fails = failed_at(number)
            with suppress(OutputError, OSError):
                write(folder, "new")
        with all_others_dead():
            journal.settle(folder / "a")
        found = visible(folder)
        write(folder, "new")
        assert found in (old, visible(folder))
        if steps.count < number:
            return


SCRIPT = """
import os, sys
from pathlib import Path
from northstar_explain.tables import journal
from northstar_explain.tables.publish import publish
folder, number = Path(sys.argv[1]), 0
while True:
    number += 1
    home = folder / str(number)
    home.mkdir()
    publish({home / name: b"old" for name in "ab"})
    child = os.fork()
    if not child:
        count = 0
        def counted(real):
            def step(*args, **options):
                global count
                count += 1
                if count == number:
                    os._exit(9)
                return real(*args, **options)
            return step
        for name in ("rename", "unlink", "mkdir", "fsync"):
            setattr(os, name, counted(getattr(os, name)))
        journal.exchange = counted(journal.exchange)
        publish({home / name: b"new" for name in "ab"})
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


def test_a_process_that_is_gone_is_known_to_be_and_its_work_is_completed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], check=True, timeout=120)
    homes = sorted(tmp_path.iterdir(), key=lambda path: int(path.name))
    assert len(homes) > 8
    states = set()
    for home in homes:
        journal.settle(home / "b")
        found = visible(home)
        assert found in ({"a": b"old", "b": b"old"}, {"a": b"new", "b": b"new"})
        states.add(found["a"])
        staging.remove_dead(home)
        assert list(home.glob(".*")) == []
    assert states == {b"old", b"new"}


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        began = staging._began(other.pid)
        living = tmp_path / f".t.csv.{staging._host()}-{other.pid}-{began}-0.part"
        reused = tmp_path / f".t.csv.{staging._host()}-{other.pid}-{began + 1}-0.part"
        elsewhere = tmp_path / f".t.csv.{'0' * 8}-{other.pid}-1-0.part"
        mine = tmp_path / ".notes.part"
        for path in (living, reused, elsewhere, mine):
            path.write_text("half")
        publish({tmp_path / "t.csv": b"whole"})
        assert set(contents(tmp_path)) == {"t.csv", living.name, elsewhere.name, mine.name}
    finally:
        other.communicate(b"\n")
    publish({tmp_path / "t.csv": b"whole"})
    assert set(contents(tmp_path)) == {"t.csv", elsewhere.name, mine.name}


def half_published(folder: Path) -> None:
    """Two old files, two new ones beside, and the intent to put them in their places."""
    three_files(folder, "old")
    with pytest.MonkeyPatch.context() as patch:
        steps = Steps(patch)
        patch.setattr(journal.Move, "do", lambda move: (_ for _ in ()).throw(Killed()))
        patch.setattr(journal.Move, "undo", lambda move: False)
        with pytest.raises(Killed):
            three_files(folder, "new")
    assert steps.count
    assert len(staging.intents(folder)) == 1


def test_a_part_that_is_lost_is_said_to_readers_and_no_matter_to_who_writes_anew(tmp_path: Path) -> None:
    half_published(tmp_path)
    next(path for path in tmp_path.glob(".b.*.part")).unlink()
    with pytest.raises(OutputError, match=r"b: file: expected a complete result; got one of which some files are"):
        journal.settle(tmp_path / "a")
    journal.settle(tmp_path / "other")
    three_files(tmp_path, "newer")
    assert set(visible(tmp_path).values()) == {b"newer"}
    assert staging.intents(tmp_path) == []


def test_what_people_put_there_since_stays(tmp_path: Path) -> None:
    half_published(tmp_path)
    journal.exchange(next(tmp_path.glob(".a.*.part")), tmp_path / "a")  # as a run does that is killed then
    (tmp_path / "a").rename(tmp_path / "kept")
    (tmp_path / "a").write_text("mine")
    journal.settle(tmp_path / "a")
    assert visible(tmp_path) == {"a": b"mine", "b": b"new", "c": b"new", "kept": b"new"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"moves": [], "discard": ["../precious"]}', '{"moves": 1}'])
def test_a_damaged_intent_touches_nothing_and_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("irreplaceable")
    folder = tmp_path / "out"
    half_published(folder)
    intent = staging.intents(folder)[0]
    intent.write_text(text)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"\.intent: file: expected the intent of a publication; got "):
        journal.settle(folder / "a")
    assert contents(tmp_path) == before


def test_a_link_stays_and_several_folders_are_published_as_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("old")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "real" / "a")
    three_files(tmp_path / "out", "new")
    assert (tmp_path / "out" / "a").is_symlink()
    assert (tmp_path / "real" / "a").read_text() == "new"
    assert sorted(contents(tmp_path)) == ["out", "out/a", "out/b", "out/c", "real", "real/a"]


def two_folders(home: Path, content: str) -> None:
    with Publication() as new:
        new.stage(home / "plans" / "plan").write_text(content)
        new.stage_folder(home / "weeks" / "day", {"a": content.encode()})


@pytest.mark.parametrize("folder", ["plans", "weeks"])
def test_what_was_begun_in_two_folders_is_completed_from_either(folder: str, tmp_path: Path) -> None:
    """Another command in one of them must neither clear away nor overlook what a killed run was about to publish."""
    states, number, count = set(), 0, 0
    while count >= number:
        number += 1
        home = tmp_path / str(number)
        two_folders(home, "old")
        with pytest.MonkeyPatch.context() as patch:
            steps = Steps(patch)
            steps.fails = lambda count, n=number: Killed() if count >= n else None  # type: ignore[misc]
            with suppress(Killed):
                two_folders(home, "new")
            count = steps.count
        with all_others_dead():
            publish({home / folder / "other": b""})
            found = {(home / name).read_bytes() for name in ("plans/plan", "weeks/day/a")}
            journal.settle(home / "plans" / "plan", home / "weeks" / "day")
            assert {(home / name).read_bytes() for name in ("plans/plan", "weeks/day/a")} == found
            two_folders(home, "newer")
        assert [name for name in contents(home) if "/." in name] == []
        assert len(found) == 1, number
        states |= found
    assert states == {b"old", b"new"}


def test_where_links_cannot_be_made_two_folders_are_published_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object, **options: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(os, "symlink", refused)
    code = errno.EPERM
    two_folders(tmp_path, "old")
    code = errno.ENOSPC
    with pytest.raises(OutputError, match="no"):
        two_folders(tmp_path, "new")
    assert contents(tmp_path)["plans/plan"] == contents(tmp_path)["weeks/day/a"] == b"old"
    assert [name for name in contents(tmp_path) if "/." in name] == []


def test_a_name_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    name = "ä" * 120 + ".parquet"
    publish({tmp_path / name: b"1", tmp_path / ("x" * 255): b"2"})
    assert set(contents(tmp_path)) == {name, "x" * 255}


def test_a_failure_leaves_no_folder_that_it_made(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(RuntimeError), Publication() as new:
        new.stage(kept / "a" / "b" / "plan.json").write_text("{}")
        new.stage(kept / "a" / "audience.csv")
        raise RuntimeError("a fault while the second is written")
    assert list(kept.iterdir()) == []
    with Publication() as new:
        new.stage(kept / "a" / "b" / "plan.json").write_text("{}")
    assert contents(kept).keys() == {"a", "a/b", "a/b/plan.json"}


def test_nothing_staged_nothing_published(tmp_path: Path) -> None:
    with Publication():
        pass
    with pytest.raises(OutputError, match="No such file"), replacing(tmp_path / "a"):
        pass
    assert contents(tmp_path) == {}
