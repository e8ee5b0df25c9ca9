"""Every command that publishes something, over nothing and over an older result that differs in all it can."""

from __future__ import annotations

from dataclasses import dataclass, replace

ECONOMICS = "--margin 24 --contact-cost 0.5"
CONTACTS = "--contacts {inputs}/contacts.parquet --consent email_ok"


@dataclass(frozen=True)
class Step:
    """One call of the command line.

    Attributes
    ----------
    args : tuple of str
        ``{place}`` is the folder of the outputs, ``{inputs}`` that of models and tables.
    command : str
        Whose slow functions are replayed; none where everything is quick.
    kept : str
        Which kept results are replayed.
    """

    args: tuple[str, ...]
    command: str = ""
    kept: str = ""

    def with_args(self, *args: str) -> Step:
        """The same with more arguments."""
        return replace(self, args=self.args + args)


@dataclass(frozen=True)
class Scenario:
    """A command, and what stood at its outputs before.

    Attributes
    ----------
    name : str
    step : Step
    before : Step or None
        What made the older result.
    resumes : bool
        Whether ``--resume`` takes it up after a kill.
    """

    name: str
    step: Step
    before: Step | None = None
    resumes: bool = False

    @property
    def command(self) -> str:
        """The name without what stood there before."""
        return self.name.split(",")[0]


def _step(text: str, command: str = "", kept: str = "") -> Step:
    return Step(tuple(text.split()), command, kept)


def _pair(name: str, args: str, command: str) -> list[Scenario]:
    """A command for model b, over nothing and over what it wrote for model a."""
    first, second = (_step(args.replace("MODEL", f"{{inputs}}/{which}"), command, which) for which in ("a", "b"))
    return [Scenario(name, second), Scenario(f"{name}, over an older one", second.with_args("--overwrite"), first)]


def _score(out: str) -> list[Scenario]:
    """Scores over nothing, over scores with rejected rows, and with rejected rows over scores without."""
    kind = "folder" if out == "s" else out.removeprefix("s.")
    text = f"score {{inputs}}/TABLE.parquet --model {{inputs}}/MODEL --quiet --out {{place}}/{out} --max-rejected 1"

    def step(table: str, model: str) -> Step:
        return _step(text.replace("TABLE", table).replace("MODEL", model))

    over = ("--overwrite",)
    return [
        Scenario(f"score {kind}", step("week", "b"), resumes=True),
        Scenario(f"score {kind}, with rejects", step("bad", "b"), resumes=True),
        Scenario(f"score {kind}, over one with rejects", step("week", "b").with_args(*over), step("bad", "a"), True),
        Scenario(f"score {kind}, with rejects over one without",
                 step("bad", "b").with_args(*over), step("week", "a"), True),
    ]  # fmt: skip


def _train() -> list[Scenario]:
    text = "train {inputs}/week.parquet --contract {inputs}/contract.toml --model {place}/m --quiet --max-rejected 1"
    a, b, clean = (_step(text, "train", kept) for kept in ("a", "b", "clean"))
    update = _step(
        "train {inputs}/week.parquet --update {place}/m --model {place}/m --quiet --max-rejected 1", "train", "b"
    )
    return [
        Scenario("train", b),
        Scenario("train, over an older one", b.with_args("--overwrite"), clean),
        Scenario("train, without rejects over one with", clean.with_args("--overwrite"), a),
        Scenario("train --update, in its own place", update, a),
    ]


def _simulate() -> list[Scenario]:
    first, second = (_step(f"simulate {{place}}/c.parquet --customers 300 --seed {seed} --quiet", "simulate", kept)
                     for seed, kept in ((1, "a"), (2, "b")))  # fmt: skip
    return [
        Scenario("simulate", second),
        Scenario("simulate, over an older one", second.with_args("--overwrite"), first),
    ]


def _months() -> list[Scenario]:
    """Months of a shop over nothing, and two months over three: the third has to go."""
    text = "simulate {place}/y --customers 300 --months MONTHS --seed SEED --quiet"
    first, second = (
        _step(text.replace("MONTHS", months).replace("SEED", seed), "simulate --months", kept)
        for months, seed, kept in (("3", "1", "a"), ("2", "2", "b"))
    )
    return [
        Scenario("simulate --months", second),
        Scenario("simulate --months, over an older one", second.with_args("--overwrite"), first),
    ]


def _campaign() -> list[Scenario]:
    """A plan and its audience in a folder, also with audiences in another one, and a readout."""
    text = "campaign plan --model MODEL --scores MODEL.parquet --out {place}/c " + ECONOMICS
    plan = _pair("campaign plan", text, "")
    plan += _pair("campaign plan --audiences", f"{text} --audiences {{place}}/w --date 2026-03-08 {CONTACTS}", "")
    read = _step("campaign read --plan {inputs}/plan/plan.json --outcomes {inputs}/training.parquet --out {place}/r")
    return [
        *plan,
        Scenario("campaign read", read),
        Scenario("campaign read, over an older one", read.with_args("--overwrite"), read.with_args("--cost", "100")),
    ]


def _audience() -> list[Scenario]:
    """Audiences of a day, on their own, over others of that day, and beside those of the week before."""
    text = f"audience MODEL.parquet --model MODEL --out {{place}}/w --date DAY {CONTACTS}"

    def step(model: str, day: str, *more: str) -> Step:
        return _step(text.replace("MODEL", f"{{inputs}}/{model}").replace("DAY", day)).with_args(*more)

    day, earlier = "2026-03-08", "2026-03-01"
    outside = ("--previous", f"{{inputs}}/audiences/{earlier}")
    return [
        Scenario("audience", step("b", day)),
        Scenario("audience --previous", step("b", day, "--previous", f"{{place}}/w/{earlier}"), step("a", earlier)),
        Scenario("audience --previous, over an older one", step("b", day, *outside, "--overwrite"), step("a", day)),
    ]


def _init() -> list[Scenario]:
    first, second = (_step(f"init {{inputs}}/{table}.parquet --out {{place}}/c.toml") for table in ("few", "week"))
    return [Scenario("init", second), Scenario("init, over an older one", second.with_args("--overwrite"), first)]


def scenarios() -> list[Scenario]:
    """All of them, those that take longest first."""
    return [
        *(one for out in ("s", "s.csv", "s.parquet") for one in _score(out)),
        *_score("s.arrow")[2:],
        *_pair("audit", "audit --model MODEL --out {place}/pack --date 2026-03-01 --quiet", "audit"),
        *_pair("playbook", "playbook --model MODEL --out {place}/book --quiet", "playbook"),
        *_train(),
        *_pair("sql --scores", "sql MODEL --scores --dialect duckdb --out {place}/s.sql", "sql --scores"),
        *_pair("compare", "compare --model MODEL --out {place}/memo.pdf --quiet", "compare"),
        *_months(),
        *_campaign(),
        *_audience(),
        *_pair("sql --dbt", "sql MODEL --dialect duckdb --dbt {place}/d", "sql --dbt"),
        *_pair(
            "monitor",
            "monitor --model MODEL --scores MODEL-run.parquet --scores MODEL-run.parquet --out {place}/f.json --html {place}/f.html",
            "",
        ),
        *_simulate(),
        *_init(),
        *_pair("playbook --write-plan", "playbook --model MODEL --write-plan {place}/p.toml --quiet", ""),
        *_pair("export", "export MODEL --onnx {place}/m.onnx", "export"),
        *_pair("sql", "sql MODEL --dialect duckdb --out {place}/q.sql", "sql"),
    ]
