"""`python -m torture`: every scenario and every broken input, and a table of what came of them."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # one process each: starting more takes longer than such small fits

from torture import broken, child, prepare, publishing, report, small_disk, tracer
from torture.publishing import Result
from torture.scenarios import Scenario, scenarios

FLIPPED = {"arrow": 1_000, "parquet": 1_000, "stream": 250, "csv": 250}
MUTATED = {"mutated training tables": 300, "mutated tables": 1_000, "mutated contracts": 300}
_PIECE = 125  # cases that one process tries in a row
_SHOWN = 12


class Job(NamedTuple):
    """A piece of work for one process: a part of the suite, what it is about, and first seed and count of cases."""

    part: str
    about: str
    start: int = 0
    count: int = 0  # type: ignore[assignment]  # in place of the count that a tuple has


def main() -> int:
    """Run the suite; exit code 1 when something was found."""
    options = _options()
    # Short, as temporary files of every run lie below.
    with tempfile.TemporaryDirectory(prefix="torture-") as made:
        work = options.work or Path(made)
        began = time.monotonic()
        by_strace = tracer.available() and not options.shim
        if not by_strace:
            print("without strace: faults only at what Python itself does to files", file=sys.stderr)
        jobs = [job for job in _jobs() if options.only in f"{job.part}: {job.about}"]
        about = {job.about for job in jobs}
        prepare.prepare(work, [one for one in scenarios() if one.name in about])
        print(f"prepared in {time.monotonic() - began:.0f} s", file=sys.stderr)
        child.load()
        gc.collect()
        gc.freeze()  # a forked process then need not copy what it only looks at
        results: dict[str, list[Result]] = {part: [] for part in report.PARTS}
        for part, found in _side_by_side(jobs, work, by_strace, options.share, options.processes):
            results[part].append(found)
            print(f"{part}: {found}", flush=True)
            for problem in found.problems[:_SHOWN]:
                print(f"  {problem}", flush=True)
        text = report.text(results, time.monotonic() - began, by_strace)
        print(text)
        if options.write:
            options.write.write_text(text, encoding="utf-8")
    return int(any(one.problems for found in results.values() for one in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--only", default="", help="only jobs with this in 'PART: NAME'")
    parser.add_argument("--share", type=float, default=1.0, help="share of the points and limits to try")
    parser.add_argument("--work", type=Path, help="a folder that stays, so that the next run need not prepare it again")
    parser.add_argument("--write", type=Path, help="where to write the table")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--shim", action="store_true", help="do not use strace")
    return parser.parse_args()


def _jobs() -> Iterator[Job]:
    """Those that take longest first, so that the processes end together."""
    yield from (Job("publishing", one.name) for one in scenarios())
    for what, count in MUTATED.items():
        piece = _PIECE // 5 if "training" in what else _PIECE
        yield from (Job("broken input", what, at, min(piece, count - at)) for at in range(0, count, piece))
    for format, count in FLIPPED.items():
        name = f"flipped bytes of {format}"
        yield from (Job("broken input", name, at, min(_PIECE, count - at)) for at in range(0, count, _PIECE))
    yield from (Job("full disk", one.name) for one in scenarios())


def _side_by_side(
    jobs: list[Job], work: Path, by_strace: bool, share: float, processes: int
) -> Iterator[tuple[str, Result]]:
    do = _Do(work, by_strace, share)
    if processes == 1:
        yield from map(do, jobs)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(do, jobs)


class _Do:
    """Does a job in this process, in a folder of its own."""

    def __init__(self, work: Path, by_strace: bool, share: float):
        self._work, self._by_strace, self._share = work, by_strace, share
        self._scenarios: dict[str, Scenario] = {one.name: one for one in scenarios()}

    def __call__(self, job: Job) -> tuple[str, Result]:
        home = self._work / f"home-{os.getpid()}"
        tries: dict[str, Callable[[], Result]] = {
            "publishing": lambda: publishing.every_point(
                self._scenarios[job.about], self._work, home, self._by_strace, self._share
            ),
            "full disk": lambda: small_disk.every_limit(self._scenarios[job.about], self._work, home, self._share),
            "broken input": lambda: broken.cases(job.about, self._work, home, job.start, job.count),
        }
        return job.part, tries[job.part]()


if __name__ == "__main__":
    sys.exit(main())
