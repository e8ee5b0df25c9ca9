"""A kill and an error at every step of publishing: afterwards the outputs are the old or the new ones, whole.

A scenario runs once under strace to list the system calls that touch its outputs. Then it runs twice for each of them:
killed as the call begins, and with the call failing. What stands in the folder is compared byte for byte with what
stood there before and with what an undisturbed run makes of it; what is neither may be completed by whoever reads it
next, as a command that is given these files does. The next run then has to end as an undisturbed one, with nothing
hidden left.
"""

from __future__ import annotations

import importlib
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torture import child, prepare, shim, state, tracer
from torture.child import Ended
from torture.scenarios import Scenario
from torture.tracer import Point

_TRIES = 3


@dataclass
class Result:
    """What a scenario went through.

    Attributes
    ----------
    name : str
    points : int
        System calls that touch the outputs.
    runs : int
        Of them, killed or failed ones.
    outcomes : Counter of str
        How often each thing was found.
    problems : list of str
        What should not have been.
    seconds : float
    claim, unit : str
        What is said where there are no problems, and what the points are.
    """

    name: str
    points: int = 0
    runs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    claim: str = "all old or new whole"
    unit: str = "points"

    def __str__(self) -> str:
        whole = self.claim if not self.problems else f"{len(self.problems)} PROBLEMS"
        found = ", ".join(f"{name} {count:,}" for name, count in sorted(self.outcomes.items()))
        return f"{self.name}: {self.points:,} {self.unit}, {self.runs:,} runs, {whole} ({found}); {self.seconds:.0f} s"


def every_point(scenario: Scenario, work: Path, home: Path, by_strace: bool = True, share: float = 1.0) -> Result:
    """Kill and fail a scenario at every point.

    Parameters
    ----------
    scenario : Scenario
    work : Path
        As `prepare` filled it.
    home : Path
        For this process alone.
    by_strace : bool, default True
        Whether strace makes the faults; otherwise `shim` does, which sees fewer calls.
    share : float, default 1
        Of the points, evenly spread, besides the last call of each kind.

    Returns
    -------
    Result
    """
    trial = Trial(scenario, work, home, by_strace)
    began = time.monotonic()
    try:
        points = trial.points()
        if share < 1:  # and the last of each kind, which is the one that publishes
            last = {point.call: point for point in points}
            points = sorted({*points[:: round(1 / share)], *last.values()}, key=points.index)
        trial.result.points = len(points)
        for point in points:
            for kind in ("kill", "error"):
                trial.at(point, kind)
        trial.killed_twice(points)
    except (RuntimeError, TimeoutError, AssertionError) as error:
        trial.result.problems.append(f"{scenario.name}: {type(error).__name__}: {error}")
    trial.result.seconds = time.monotonic() - began
    return trial.result


class Trial:
    """One scenario, run again and again in the same folder."""

    def __init__(self, scenario: Scenario, work: Path, home: Path, by_strace: bool = True):
        self._by_strace = by_strace
        self.scenario = scenario
        self.result = Result(scenario.name)
        self._work = work
        self._old, self._new = (prepare.folder(work, scenario, which) for which in ("old", "new"))
        self._had = self._old if scenario.before else None
        self.old, self.new = state.visible(self._old) if scenario.before else {}, state.visible(self._new)
        self.place, self._said = home / "place", home / "said"
        self._said.mkdir(parents=True, exist_ok=True)
        self._log = home / "log"
        self._args = prepare.filled(scenario.step, self.place, work)
        self._patches = prepare.patches(scenario.step, work)

    def reset(self) -> None:
        """Put back what stood there before."""
        state.reset(self.place, self._had)

    def reset_within(self) -> None:
        """The same for a folder that is a disk of its own, which must stay."""
        state.refill(self.place, self._had)

    def run(
        self, *more: str, log: Path | None = None, inject: str | None = None, most_bytes: int | None = None
    ) -> Ended:
        """Run the command, perhaps with more arguments or a fault."""
        args = [*self._args, *(arg for arg in more if arg not in self._args)]
        if "--update" in args:  # it replaces what it follows without being told to
            args = [arg for arg in args if arg != "--overwrite"]
        if log and not self._by_strace:
            begin = shim.install(self.place, log, inject)
            return child.explain(args, self._said, self._patches, most_bytes=most_bytes, before=begin)
        return child.explain(args, self._said, self._patches, log, inject, most_bytes)

    def points(self) -> list[Point]:
        """Where it can be hit."""
        self.reset()
        ended = self.run(log=self._log)
        if ended.code or state.visible(self.place) != self.new:
            raise RuntimeError(f"undisturbed: exit code {ended.code}: {ended.err[-500:]}")
        return tracer.points(self._log, self.place)

    def at(self, point: Point, kind: str) -> None:
        """Hit it at a point, look what stands there, and run it again."""
        for _ in range(_TRIES):
            self.reset()
            ended = self.run(log=self._log, inject=point.kill() if kind == "kill" else point.fail())
            if point in tracer.points(self._log, self.place):
                break
        else:  # threads that come in another order every time
            self.result.outcomes["not hit"] += 1
            return
        self.result.runs += 1
        told = self.told(ended, killed=kind == "kill")
        self.check(f"{kind} at {point}", ended, told)

    def check(self, where: str, ended: Ended, told: str | None) -> None:
        """Count what stands there, and what the next run makes of it."""
        if told:
            self._problem(where, told)
        found = self._seen(where)
        if ended.code == 0 and found != "new":
            self._problem(where, f"exit code 0, but {found}")
        if ended.code == 1 and found == "new":
            self.result.outcomes["an error told, though new"] += 1
        self._next(where)

    def _next(self, where: str) -> None:
        """See that the next run ends as an undisturbed one, be it resumed or started again."""
        if not (self.scenario.resumes and self._resume(where)):
            self._again(where)

    @staticmethod
    def told(ended: Ended, killed: bool = False) -> str | None:
        """What is wrong with how a run ended."""
        if killed and ended.code == -9:
            return None
        if "Traceback" in ended.err or ended.code < 0 or ended.code == child.UNCAUGHT:
            return f"exit code {ended.code}: {ended.err.strip()[-400:]}"
        said = any(line.startswith("explain: ") for line in ended.err.splitlines())
        if ended.code not in (0, 1) or (ended.code == 1 and not said):
            return f"exit code {ended.code}, expected one line of error; got {ended.err.strip()[-400:]!r}"
        return None

    def killed_twice(self, points: Sequence[Point]) -> None:
        """Kill a tenth of the runs, and the ones that come after them too, at another point."""
        rng = random.Random(0)
        for point in points[5::10]:
            self.reset()
            self.run(log=self._log, inject=point.kill())
            second = rng.choice(points)
            more = ("--overwrite", "--resume") if self.scenario.resumes else ("--overwrite",)
            self.run(*more, log=self._log, inject=second.kill())
            self.result.runs += 1
            where = f"kill at {point}, then at {second}"
            self._seen(where)
            self._next(where)

    def _seen(self, where: str) -> str:
        """Whether the old or the new outputs stand there, perhaps after a reader completed them."""
        found = state.visible(self.place)
        name = self._name(found)
        if name == "between" and _settled(self.place):
            name = self._name(state.visible(self.place))
            if name != "between":
                self.result.outcomes["completed by the next reader"] += 1
                return name
        self.result.outcomes[name] += 1
        if name == "between":
            from_old, from_new = state.changes(found, self.old), state.changes(found, self.new)
            self._problem(where, f"neither old ({from_old}) nor new ({from_new})")
        return name

    def _name(self, found: state.State) -> str:
        return "old" if found == self.old else "new" if found == self.new else "between"

    def _resume(self, where: str) -> bool:
        over = ("--overwrite",) if "--overwrite" in self._args else ()
        ended = self.run("--resume", *over)
        if ended.code == 0:
            self.result.outcomes["resumed"] += 1
            found = state.visible(self.place)
            if found != self.new:
                self._problem(where, f"resumed, but {state.changes(found, self.new)}")
            if left := state.hidden(self.place):
                self._problem(where, f"resumed, but left {', '.join(left)}")
            return True
        self.result.outcomes["not resumed, and said why"] += 1
        if told := self.told(ended):
            self._problem(f"{where}, resumed", told)
        if state.visible(self.place) not in (self.old, self.new):
            self._problem(where, "resuming left neither old nor new")
        return False

    def _again(self, where: str) -> None:
        ended = self.run("--overwrite")
        found, left = state.visible(self.place), state.hidden(self.place)
        if ended.code or found != self.new:
            said = ended.err.strip()[-300:]
            self._problem(f"{where}, run again", f"exit code {ended.code}, {state.changes(found, self.new)}: {said}")
        if left:
            self._problem(f"{where}, run again", f"left {', '.join(left)}")

    def _problem(self, where: str, what: str) -> None:
        self.result.problems.append(f"{self.scenario.name}: {where}: {what}")


def _settled(place: Path) -> bool:
    """Do what a command does before it reads files in a folder: complete what a killed run had begun to publish."""
    settle: Callable[..., None]
    try:
        settle = importlib.import_module("northstar_explain.tables.journal").settle
    except ImportError:
        return False
    folders = [place, *(path for path in sorted(place.rglob("*")) if path.is_dir() and not path.name.startswith("."))]
    settle(*(folder / "output" for folder in folders))
    return True
