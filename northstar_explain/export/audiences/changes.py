"""One run of an audience against the one before: who is kept, added and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Known = Mapping[str, tuple[str, ...]]  # id to what the platform knows the member by
NOT_MEANT, CHANGED = "not_meant_any_more", "contact_changed"


@dataclass(frozen=True)
class Changes:
    """Ids, in the order of now and then of before.

    Attributes
    ----------
    kept, added, removed : tuple of str
        Someone whose contact changed is removed by the old one and added by the new one.
    """

    kept: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def changes(before: Known, now: Known) -> Changes:
    """Compare two runs of one audience: before = kept + removed, and now = kept + added."""
    kept = tuple(one for one, contacts in now.items() if before.get(one) == contacts)
    same = set(kept)
    return Changes(kept, tuple(one for one in now if one not in same), tuple(one for one in before if one not in same))


def why_removed(id: str, now: Known, suppressed: Mapping[str, str]) -> str:
    """Why a member of before is none any more: a reason of `membership`, or what changed."""
    if id in now:
        return CHANGED
    return suppressed.get(id, NOT_MEANT)
