"""Names that people give to segments: an optional `names.toml` in the model folder, which they may edit at any time.

It is not in the manifest: a name changes neither the customers of a segment nor the id of the model.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, ModelError, reading_fault
from northstar_explain.model.segments import Segmentation

FILE = "names.toml"
LONGEST = 60
_DROPPED = "# not used: "


@dataclass(frozen=True)
class Names:
    """The content of a `names.toml`.

    Attributes
    ----------
    given : mapping of str to str
        Segment id to name.
    text : str
        The text of the file; empty where there is none.
    learned : mapping of str to str
        The learned names of the same segments.
    dropped : mapping of str to str
        Ids of another model's segments whose names could not be kept, and what was expected; the names stay in the
        file as comments.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    learned: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)


def read(folder: Path) -> Names:
    """Read the names in a model folder; none where there is no such file.

    Raises
    ------
    ModelError
        When the file is not a list of names; whether the segments exist is not checked.
    """
    path = folder / FILE
    if not path.exists():
        return Names()
    try:
        # Editors of Windows put a byte order mark in front, which is no TOML.
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        todo = 'Correct it, for example: [segments], and below it: S1 = "Regulars".'
        raise ModelError(str(path), [Fault("file", "names in TOML", reading_fault(error), todo)]) from error
    section = data.get("segments", {})
    faults = [_fault(text, key, "the one section [segments]", "another") for key in data if key != "segments"]
    if not isinstance(section, dict):
        faults.append(_fault(text, "segments", "a section [segments]", repr(section)))
    else:
        faults += [_fault(text, id, *wrong) for id, name in section.items() if (wrong := unfit_text(name))]
    if faults:
        raise ModelError(str(path), faults)
    return Names(section, text)


def apply(names: Names, segmentation: Segmentation, folder: Path) -> tuple[Segmentation, Names]:
    """Apply the names in a folder to its segments.

    Returns
    -------
    Segmentation, Names
        The second holds the learned names.

    Raises
    ------
    ModelError
        When a name is for an unknown segment, or two segments would have the same name.
    """
    wrong = unfit(names.given, segmentation)
    if wrong:
        faults = [_fault(names.text, id, expected, f'"{names.given[id]}"') for id, expected in wrong.items()]
        raise ModelError(str(folder / FILE), faults)
    learned = {segment.id: segment.name for segment in segmentation.segments if segment.id in names.given}
    return called(segmentation, names.given), replace(names, learned=learned)


def as_learned(segmentation: Segmentation, names: Names) -> Segmentation:
    """The segments with their learned names."""
    return called(segmentation, names.learned)


def carry(old: Names, segmentation: Segmentation, own: Names | None = None) -> Names:
    """Keep the names of another model for the segments whose ids still exist.

    Parameters
    ----------
    old : Names
    segmentation : Segmentation
        With learned names.
    own : Names, optional
        Names of the new model, which take precedence.

    Returns
    -------
    Names
        Those of both, and the text of the file with them.
    """
    own = own or Names()
    kept = {**old.given, **own.given}
    dropped = {id: f"no name, as it is called {own.given[id]}" for id in _differ(old.given, own.given)}
    # Dropping one name frees the learned name of its segment, which may clash with another: repeat until none does.
    while wrong := unfit(kept, segmentation, own.given):
        dropped |= wrong
        kept = {id: name for id, name in kept.items() if id not in wrong}
    fresh = {id: old.given[id] for id in dropped if (id, old.given[id]) not in _noted(own.text)}
    if not own.text:
        text = _commented(old.text, kept, fresh)
    elif kept == own.given and not fresh:
        text = own.text
    else:
        text = _written(kept, fresh, own.text, old.text)
    return Names(kept, text, own.learned, {**own.dropped, **dropped})


def _differ(old: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    return [id for id, name in old.items() if own.get(id, name) != name]


def with_id(id: str, name: str) -> str:
    """A segment's id and name beside each other, ``S1 Regulars``; an id at the end of a learned name is left out."""
    return f"{id} {without_id(id, name)}"


def without_id(id: str, name: str) -> str:
    """A name to stand beside the segment's id."""
    return name.removesuffix(f" ({id})")


def called(segmentation: Segmentation, names: Mapping[str, str]) -> Segmentation:
    """The segments with other names, where `names` has one for their id."""
    segments = tuple(replace(one, name=names.get(one.id, one.name)) for one in segmentation.segments)
    return replace(segmentation, segments=segments)


def unfit(given: Mapping[str, str], segmentation: Segmentation, first: Collection[str] = ()) -> dict[str, str]:
    """Ids whose name cannot be used, and what was expected; of two equal names, those of `first` are kept."""
    learned = {segment.id: segment.name for segment in segmentation.segments}
    expected = {id: "the id of a segment: " + ", ".join(learned) for id in given if id not in learned}
    called: dict[str, str] = {}
    for id in learned:
        # For people, names that differ in case only are the same.
        other = called.setdefault(given.get(id, learned[id]).casefold(), id)
        # The first of the pair loses its name: a given one rather than a learned one, one that is not of `first` rather
        # than one that is, and otherwise that of the later segment.
        pair = sorted({id, other}, key=lambda one: (one not in given, one in first, one == other))
        if len(pair) == 2 and pair[0] in given:
            expected[pair[0]] = f"a name other than that of {pair[1]}"
    return expected


def unfit_text(name: Any) -> tuple[str, str] | None:
    """What was expected and what was got, for a name that cannot be used; None where it can."""
    if not isinstance(name, str):
        return "a name in quotes", repr(name)
    if not name.strip() or len(name) > LONGEST:
        return f"a name of 1 to {LONGEST} characters", f"{len(name.strip())} characters"
    if name != name.strip() or not name.isprintable():
        return "a name without control characters or blanks around it", repr(name)
    return None


def _fault(text: str, key: str, expected: str, got: str) -> Fault:
    # The TOML parser forgets where a key stood, so its line is searched for.
    numbers = (number for number, line in enumerate(text.splitlines(), 1) if _is_about(line, key))
    line = next(numbers, None)
    return Fault(key if line is None else f"line {line}, {key}", expected, got)


def _is_about(line: str, key: str) -> bool:
    return bool(re.match(rf"\s*\[*\s*([\"']?){re.escape(key)}\1\s*[]=.]", line))


def _noted(text: str) -> list[tuple[str, str]]:
    """Ids and names that a file lists as not used."""
    noted: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith(_DROPPED):
            with contextlib.suppress(tomllib.TOMLDecodeError):  # another remark of a person
                noted += tomllib.loads(line.removeprefix(_DROPPED)).items()
    return noted


def _commented(text: str, kept: Mapping[str, str], dropped: Mapping[str, str]) -> str:
    """The file with the lines of dropped names commented out, so that nothing a person wrote is lost."""
    if not dropped:
        return text
    lines = (_DROPPED * any(_is_about(line, id) for id in dropped) + line for line in text.splitlines())
    commented = "\n".join(lines) + "\n"
    try:
        same = tomllib.loads(commented).get("segments", {}) == kept
    except tomllib.TOMLDecodeError:
        same = False
    return commented if same else _written(kept, dropped, text)  # where the file does not have one name per line


def _written(kept: Mapping[str, str], dropped: Mapping[str, str], *earlier: str) -> str:
    """A new file, with the comments of earlier ones."""
    remarks = dict.fromkeys(line for text in earlier for line in text.splitlines() if line.startswith("#"))
    entries = [f"{_quoted(id)} = {_quoted(name)}" for id, name in kept.items()]
    unused = [f"{_DROPPED}{_quoted(id)} = {_quoted(name)}" for id, name in dropped.items()]
    return "\n".join([*remarks, "[segments]", *entries, *(line for line in unused if line not in remarks)]) + "\n"


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, except for one control character that JSON does not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
