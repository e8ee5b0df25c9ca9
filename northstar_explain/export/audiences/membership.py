"""Who is in which audience, and why the others who were meant are not.

An audience never holds the control group, anybody without consent, or a contact that one of these shares: an address
of a household reaches all of it. A person is in the highest audience only, by id and by every contact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Why a customer whom an audience was meant for is not in it, the first that holds.
CONTROL, NO_CONSENT, NO_CONTACT = "control_group", "no_consent", "no_contact"
SHARED, HIGHER, REPEATED = "contact_of_one_left_out", "in_higher_audience", "contact_of_another_member"
REASONS = (CONTROL, NO_CONSENT, NO_CONTACT, SHARED, HIGHER, REPEATED)


@dataclass(frozen=True)
class Candidates:
    """Customers who may be in audiences.

    Attributes
    ----------
    control : ndarray of bool, shape (n,)
        Left out of all campaigns to compare with.
    consent : ndarray of bool, shape (n,)
        Agreed to be contacted.
    identifiers : sequence of tuple of str
        What each can be recognized by, beside the id.
    blocked : frozenset of str
        Identifiers of customers who may not be contacted, whether or not they are among these.
    needs_contact : bool
        Whether one without identifiers is of no use.
    """

    control: np.ndarray
    consent: np.ndarray
    identifiers: Sequence[tuple[str, ...]]
    blocked: frozenset[str] = frozenset()
    needs_contact: bool = False

    def __len__(self) -> int:
        return len(self.control)


@dataclass(frozen=True)
class Members:
    """One audience.

    Attributes
    ----------
    rows : ndarray of int
        Its members, in the order of the customers.
    suppressed : dict
        Row to one of `REASONS`, of everybody else whom it was meant for.
    """

    rows: np.ndarray
    suppressed: dict[int, str]

    @property
    def matched(self) -> int:
        """Customers whom the audience was meant for."""
        return len(self.rows) + len(self.suppressed)


def members_of(meant: Sequence[np.ndarray], candidates: Candidates) -> list[Members]:
    """Fill audiences, the highest first.

    Parameters
    ----------
    meant : sequence of ndarray of bool, each of shape (n,)
        Whom each audience is meant for, in the order of priority.
    candidates : Candidates

    Returns
    -------
    list of Members
        One for each.
    """
    placed: set[int] = set()
    taken: set[str] = set()
    audiences = []
    for mask in meant:
        rows: list[int] = []
        suppressed: dict[int, str] = {}
        for row in np.flatnonzero(mask).tolist():
            reason = _left_out(row, candidates) or _taken(row, candidates, placed, taken)
            if reason:
                suppressed[row] = reason
                continue
            rows.append(row)
            placed.add(row)
            taken.update(candidates.identifiers[row])
        audiences.append(Members(np.array(rows, dtype=np.int64), suppressed))
    return audiences


def _left_out(row: int, candidates: Candidates) -> str:
    if candidates.control[row]:
        return CONTROL
    if not candidates.consent[row]:
        return NO_CONSENT
    own = candidates.identifiers[row]
    if not own:
        return NO_CONTACT if candidates.needs_contact else ""
    return SHARED if any(one in candidates.blocked for one in own) else ""


def _taken(row: int, candidates: Candidates, placed: set[int], taken: set[str]) -> str:
    if row in placed:
        return HIGHER
    return REPEATED if any(one in taken for one in candidates.identifiers[row]) else ""
