"""The files of a folder of audiences: who is in each, what changed, and what the folder says of itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from northstar_explain import tables
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.export.audiences.changes import Known, changes, why_removed
from northstar_explain.export.audiences.contact_table import Contacts
from northstar_explain.export.audiences.folder_facts import (
    FACTS,
    MEMBERS,
    AudienceCounts,
    FolderFacts,
    Previous,
    members_table,
)
from northstar_explain.export.audiences.membership import CONTROL, NO_CONSENT, Candidates, Members, members_of
from northstar_explain.export.audiences.platforms import NONE, Attributes, Platform
from northstar_explain.export.audiences.scored_table import Scores
from northstar_explain.export.audiences.wanted_audiences import Cell, file_name
from northstar_explain.model.campaign.campaign_plan import facts_bytes


@dataclass(frozen=True)
class FolderInputs:
    """What a folder is made of.

    Attributes
    ----------
    scores : Scores
    cells : sequence of Cell
        The audiences, in the order of priority.
    control : ndarray of bool, shape (n,)
        Of the scored customers, those of a control group.
    contacts : Contacts
        Consent, and contacts where there are any.
    platform : Platform
    region : str or None
        The country of phone numbers without a country code.
    previous : Previous or None
    id : str
        The contract's name of the id.
    facts : FolderFacts
        With everything that is known before.
    """

    scores: Scores
    cells: Sequence[Cell]
    control: np.ndarray
    contacts: Contacts
    platform: Platform
    region: str | None
    previous: Previous | None
    id: str
    facts: FolderFacts


def make_folder(inputs: FolderInputs) -> tuple[FolderFacts, dict[str, bytes]]:
    """Make the folder.

    Returns
    -------
    facts : FolderFacts
    files : dict
        Name to bytes, the facts among them.
    """
    return _Folder(inputs).made()


class _Folder:
    def __init__(self, inputs: FolderInputs):
        self._in = inputs
        scores, contacts, platform = inputs.scores, inputs.contacts, inputs.platform
        rows = [contacts.of(row) for row in range(len(contacts))]
        made = [platform.made(one, inputs.region) for one in rows]
        known_by = [platform.identifiers(*both) for both in zip(rows, [inputs.region] * len(rows), made, strict=True)]
        row_of = {key: row for row, key in enumerate(contacts.keys)}
        none = platform.made({}, inputs.region)
        places = [row_of.get(key) for key in scores.keys]
        # The contact columns of each scored customer.
        self._made = [none if row is None else made[row] for row in places]
        consent = np.array([row is not None and bool(contacts.consent[row]) for row in places], dtype=bool)
        # Whoever may not be contacted, scored or not, blocks the contacts that others share.
        control = {key for key, held in zip(scores.keys, inputs.control.tolist(), strict=True) if held}
        stopped = [row for row, key in enumerate(contacts.keys) if key in control or not contacts.consent[row]]
        self._candidates = Candidates(
            control=inputs.control,
            consent=consent,
            identifiers=[() if row is None else known_by[row] for row in places],
            blocked=frozenset(one for row in stopped for one in known_by[row]),
            needs_contact=platform.needs_contacts,
        )
        self._ids = dict(zip(scores.keys, scores.ids, strict=True))
        # Why someone may be in no audience at all, whatever it is meant for.
        self._barred = {key: NO_CONSENT for row, key in enumerate(contacts.keys) if not contacts.consent[row]}
        self._barred |= {
            key: NO_CONSENT for key, agreed in zip(scores.keys, consent.tolist(), strict=True) if not agreed
        }
        self._barred |= dict.fromkeys(control, CONTROL)

    def made(self) -> tuple[FolderFacts, dict[str, bytes]]:
        inputs, files = self._in, dict[str, bytes]()
        filled = members_of([cell.meant for cell in inputs.cells], self._candidates)
        now: dict[str, Known] = {}
        counts = []
        for cell, members in zip(inputs.cells, filled, strict=True):
            now[cell.name] = {inputs.scores.keys[row]: self._known(row) for row in members.rows.tolist()}
            counts.append(self._audience(cell, members, now[cell.name], files))
        for name in inputs.previous.members if inputs.previous else ():
            if name not in now:
                _require_own_files(name, now)
                # An audience of before that is not wanted any more: all of it has to go.
                empty = Members(np.zeros(0, dtype=np.int64), {})
                gone = Cell(name, "", np.zeros(len(inputs.scores), dtype=bool))
                counts.append(self._audience(gone, empty, {}, files))
        files[MEMBERS] = tables.parquet_bytes(members_table(now, self._ids, inputs.id, inputs.platform.keys))
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
        facts = replace(inputs.facts, audiences=tuple(counts), sha256=hashes)
        return facts, {**files, FACTS: facts_bytes(facts)}

    def _known(self, row: int) -> tuple[str, ...]:
        return tuple(self._made[row][name] for name in self._in.platform.keys)

    def _audience(self, cell: Cell, members: Members, now: Known, files: dict[str, bytes]) -> AudienceCounts:
        inputs, base = self._in, file_name(cell.name)
        row_of = {inputs.scores.keys[row]: row for row in members.rows.tolist()}
        suppressed = {inputs.scores.keys[row]: reason for row, reason in members.suppressed.items()}
        before = inputs.previous.members.get(cell.name, {}) if inputs.previous else {}
        change = changes(before, now)
        files[f"{base}.csv"] = self._csv([self._member_cells(cell.name, row) for row in row_of.values()])
        files[f"{base}.suppress.csv"] = _csv(
            (inputs.id, "reason"), [(self._ids[key], reason) for key, reason in suppressed.items()]
        )
        if inputs.previous:
            added = [self._member_cells(cell.name, row_of[key]) for key in change.added]
            removed = [self._removed_cells(cell.name, key, before[key]) for key in change.removed]
            files |= {f"{base}.add.csv": self._csv(added), f"{base}.remove.csv": self._csv(removed)}
        reasons = [self._barred.get(key) or why_removed(key, now, suppressed) for key in change.removed]
        return AudienceCounts(
            name=cell.name,
            where=cell.where,
            matched=members.matched,
            now=len(now),
            before=len(before),
            kept=len(change.kept),
            added=len(change.added),
            removed=len(change.removed),
            suppressed=len(suppressed),
            suppressed_by=dict(sorted(Counter(suppressed.values()).items())),
            removed_by=dict(sorted(Counter(reasons).items())),
        )

    def _member_cells(self, audience: str, row: int) -> list[str]:
        inputs, made = self._in, self._made[row]
        segment = str(inputs.scores.segment[row])
        # The play of a segment has its id, as in the audience of a campaign plan.
        about = Attributes(audience, segment, segment, inputs.scores.band[row], inputs.scores.traits[row])
        own = [inputs.scores.ids[row]] if inputs.platform.id_column else []
        return [*own, *made.values(), *inputs.platform.attribute_cells(about)]

    def _removed_cells(self, audience: str, key: str, contacts: tuple[str, ...]) -> list[str]:
        """By what the platform knew the person then; fields that it keeps are overwritten."""
        platform, previous = self._in.platform, self._in.previous
        assert previous is not None
        known = dict(zip(platform.keys, contacts, strict=True))
        blank = NONE if platform.keeps_blank else ""
        about = Attributes(blank or audience, blank, blank, blank, blank)
        own = [previous.ids[key]] if platform.id_column else []
        return [*own, *(known.get(name, "") for name in platform.contacts), *platform.attribute_cells(about)]

    def _csv(self, rows: Sequence[Sequence[str]]) -> bytes:
        return _csv(self._in.platform.columns(self._in.id), rows)


def _require_own_files(gone: str, now: Mapping[str, Known]) -> None:
    """Raise CampaignError where the files of an audience of before would replace those of one of now."""
    clash = next((one for one in now if file_name(one).casefold() == file_name(gone).casefold()), None)
    if clash is not None:
        todo = f"Call it {gone!r} as before, or something else."
        raise CampaignError("audience", [Fault(f"audience {clash!r}", "a name of its own", f"that of {gone!r}", todo)])


def _csv(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    columns: Sequence[Sequence[str]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    # An empty cell rather than an empty text, which some readers take for a value.
    arrays: Mapping[str, pa.Array] = {
        name: pa.array([one or None for one in column], pa.string())
        for name, column in zip(names, columns, strict=True)
    }
    return tables.csv_bytes(pa.table(arrays))
