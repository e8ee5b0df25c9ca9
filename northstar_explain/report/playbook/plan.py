"""`playbook.toml`: marketing's decisions for its playbook, read and checked, with all faults reported at once."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, PlanError
from northstar_explain.model import names
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.palette import PAPER, READABLE, contrast, is_color

# Maximum lengths, so that texts fit on the page; for lists, also the maximum number of items.
TEXTS = {"message": 140, "offer": 140, "cadence": 100, "kpi": 80, "owner": 60}
LISTS = {"do": (3, 140), "avoid": (3, 140), "channels": (5, 30), "traits": (3, 140)}
_BOOK_KEYS = ("title", "owner", "logo", "control_group", "review")
_SEGMENT_KEYS = ("name", "color", *TEXTS, *LISTS, "control_group", "review")
_TITLE = 90
_LOGO_BYTES = 300_000
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class SegmentPlan:
    """The decisions for one segment; empty or None where there is none.

    Attributes
    ----------
    name, color, owner, message, offer, cadence, kpi : str
    do, avoid, channels, traits : tuple of str
    control_group : float or None
        Share of the segment that campaigns leave out.
    review : datetime.date or None
    """

    name: str = ""
    color: str = ""
    owner: str = ""
    message: str = ""
    offer: str = ""
    cadence: str = ""
    kpi: str = ""
    do: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    control_group: float | None = None
    review: datetime.date | None = None


@dataclass(frozen=True)
class Logo:
    """A picture for the cover."""

    data: bytes = field(repr=False)
    kind: str


@dataclass(frozen=True)
class Plan:
    """The decisions for the playbook; empty or None where there is none."""

    title: str = ""
    owner: str = ""
    logo: Logo | None = None
    segments: Mapping[str, SegmentPlan] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    """The files it was read from: the plan and the logo."""

    def __getitem__(self, id: str) -> SegmentPlan:
        return self.segments.get(id, SegmentPlan())


def read_plan(path: Path, model: Model) -> Plan:
    """Read a `playbook.toml`.

    Parameters
    ----------
    path : path
    model : Model
        The model with the segments of the plan.

    Returns
    -------
    Plan
        Segments without a `control_group` or `review` of their own have those of the book.

    Raises
    ------
    PlanError
        With all faults, each with its line.
    """
    todo = "Mend the file at this place; docs/guide/reports.md shows an example."
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise PlanError(str(path), [Fault("file", "a playbook's plan in TOML", str(error), todo)]) from error
    reader = _PlanReader(text)
    reader.known((), data, ("playbook", "segments"))
    book = reader.section((), data, "playbook")
    reader.known(("playbook",), book, _BOOK_KEYS)
    sections = reader.section((), data, "segments")
    ids = [segment.id for segment in model.segmentation.segments]
    reader.known(("segments",), sections, ids, "the id of a segment: " + ", ".join(ids))
    plan = Plan(
        title=reader.text(("playbook", "title"), book, _TITLE),
        owner=reader.text(("playbook", "owner"), book, TEXTS["owner"]),
        logo=reader.logo(("playbook", "logo"), book, path.parent),
        segments=_segments(reader, book, sections, ids),
        files=(path, *reader.read),
    )
    # After reading, as two segments may each be right and clash with one another.
    reader.faults += _clashes(reader, plan, model)
    if reader.faults:
        raise PlanError(str(path), reader.faults)
    return plan


def _segments(
    reader: _PlanReader, book: dict[str, Any], sections: dict[str, Any], ids: list[str]
) -> dict[str, SegmentPlan]:
    control, review = reader.share(("playbook", "control_group"), book), reader.day(("playbook", "review"), book)
    plans = {}
    for id in ids:
        at = ("segments", id)
        data = reader.section(("segments",), sections, id)
        reader.known(at, data, _SEGMENT_KEYS)
        own_control, own_review = reader.share((*at, "control_group"), data), reader.day((*at, "review"), data)
        texts: dict[str, Any] = {key: reader.text((*at, key), data, longest) for key, longest in TEXTS.items()}
        lists: dict[str, Any] = {key: reader.texts((*at, key), data, *most) for key, most in LISTS.items()}
        plans[id] = SegmentPlan(
            name=reader.name((*at, "name"), data),
            color=reader.color((*at, "color"), data),
            **texts,
            **lists,
            control_group=control if own_control is None else own_control,
            review=own_review or review,
        )
    return plans


def _clashes(reader: _PlanReader, plan: Plan, model: Model) -> list[Fault]:
    """Faults where two segments would have the same name or colour."""
    given = {id: one.name for id, one in plan.segments.items() if one.name}
    faults = [
        reader.fault_at(("segments", id, "name"), expected, f'"{given[id]}"')
        for id, expected in names.unfit(given, model.segmentation).items()
    ]
    first_use: dict[str, str] = {}
    for id, one in plan.segments.items():
        # Without a colour, the id stands in its place, which no other segment has.
        other = first_use.setdefault(one.color.casefold() or id, id)
        if other != id:
            faults.append(reader.fault_at(("segments", id, "color"), f"a colour other than that of {other}", one.color))
    return faults


class _PlanReader:
    """Reads values of the TOML file and collects their faults."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.faults: list[Fault] = []
        self.read: list[Path] = []

    def fault_at(self, at: tuple[str, ...], expected: str, got: str) -> Fault:
        line = _line(self.lines, at)
        name = ".".join(at)
        return Fault(f"line {line}, {name}" if line else name, expected, got)

    def fault(self, at: tuple[str, ...], expected: str, got: object) -> None:
        self.faults.append(self.fault_at(at, expected, got if isinstance(got, str) else repr(got)))

    def known(self, at: tuple[str, ...], data: Mapping[str, Any], keys: Any, expected: str = "") -> None:
        for key in data:
            if key not in keys:
                self.fault((*at, key), expected or "one of " + ", ".join(keys), "an unknown key")

    def section(self, at: tuple[str, ...], data: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = data.get(key, {})
        if isinstance(value, dict):
            return value
        self.fault((*at, key), f"a section [{'.'.join((*at, key))}]", value)
        return {}

    def text(self, at: tuple[str, ...], data: Mapping[str, Any], longest: int) -> str:
        value = data.get(at[-1], "")
        if at[-1] not in data or self._is_text(at, value, longest):
            return str(value)
        return ""

    def texts(self, at: tuple[str, ...], data: Mapping[str, Any], most: int, longest: int) -> tuple[str, ...]:
        value = data.get(at[-1], [])
        if not isinstance(value, list) or len(value) > most or (at[-1] in data and not value):
            self.fault(at, f"a list of 1 to {most} texts", value if len(repr(value)) < 60 else "something else")
            return ()
        return tuple(item for item in value if self._is_text(at, item, longest))

    def name(self, at: tuple[str, ...], data: Mapping[str, Any]) -> str:
        value = data.get(at[-1])
        if value is None:
            return ""
        if fault := names.unfit_text(value):
            self.fault(at, *fault)
            return ""
        return str(value)

    def color(self, at: tuple[str, ...], data: Mapping[str, Any]) -> str:
        value = self._fitting(
            at, data, 'a colour such as "#00578a"', lambda one: isinstance(one, str) and is_color(one)
        )
        if value is None:
            return ""
        if (ratio := contrast(value, PAPER)) < READABLE:
            expected = f"a colour on which white text is readable: contrast {READABLE} : 1 or more"
            self.fault(at, expected, f"{value} with {ratio:.1f} : 1; choose a darker one")
            return ""
        return str(value)

    def share(self, at: tuple[str, ...], data: Mapping[str, Any]) -> float | None:
        # In Python, TOML's true is a number, too.
        value = self._fitting(
            at, data, "a share above 0, up to 0.5, such as 0.1",
            lambda one: isinstance(one, int | float) and not isinstance(one, bool) and 0 < one <= 0.5,
        )  # fmt: skip
        return None if value is None else float(value)

    def day(self, at: tuple[str, ...], data: Mapping[str, Any]) -> datetime.date | None:
        # A time of day is a datetime, which is a date in Python; a review has no hour.
        expected = "a day without quotes, such as 2026-06-30"
        value: datetime.date | None = self._fitting(at, data, expected, lambda one: type(one) is datetime.date)
        return value

    def _fitting(self, at: tuple[str, ...], data: Mapping[str, Any], expected: str, fits: Callable[[Any], bool]) -> Any:
        """A value, or None where it is not there or does not fit, which is a fault."""
        value = data.get(at[-1])
        if value is None or fits(value):
            return value
        self.fault(at, expected, value)
        return None

    def logo(self, at: tuple[str, ...], data: Mapping[str, Any], folder: Path) -> Logo | None:
        value = self._fitting(at, data, "the path of a PNG or JPEG", lambda one: isinstance(one, str) and one != "")
        if value is None:
            return None
        try:
            content = (folder / value).read_bytes()
        except (OSError, ValueError) as error:
            self.fault(at, "a picture that can be read", getattr(error, "strerror", None) or str(error))
            return None
        kind = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)
        if kind is None or len(content) > _LOGO_BYTES:
            got = f"{len(content):,} bytes of {kind or 'something else'}"
            self.fault(at, f"a PNG or JPEG of at most {_LOGO_BYTES:,} bytes", got)
            return None
        # An output must not overwrite the logo either, so it counts among the files that were read.
        self.read.append(folder / value)
        return Logo(content, kind)

    def _is_text(self, at: tuple[str, ...], value: Any, longest: int) -> bool:
        if not isinstance(value, str):
            self.fault(at, "text in quotes", value)
        elif not value.strip() or len(value) > longest:
            self.fault(at, f"1 to {longest} characters", f"{len(value.strip())} characters")
        elif not value.isprintable():
            self.fault(at, "text without line breaks or other control characters", value[:60].__repr__())
        else:
            return True
        return False


def _line(lines: list[str], at: tuple[str, ...]) -> int:
    """The line of a key, also a dotted or quoted one; 0 where it is not found."""
    inside: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        if header := re.match(r"\s*\[+([^]]+)\]+\s*(?:#.*)?$", line):
            inside = _keys(header[1])
            if inside == at:
                return number
        elif (entry := re.match(r"\s*([\w\s.\"'-]+?)\s*=", line)) and (*inside, *_keys(entry[1])) == at:
            return number
    return 0


def _keys(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))
