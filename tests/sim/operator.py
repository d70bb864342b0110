"""A simulated operator at the hub: looks at what replaced boxes still held, and adopts it or sets it aside with a reason.

What lives here: `comanda hub orphans`, as far as it is decisions. What an orphan is, and whether it fits, is decided by the shipped
code: the hub keeps branches, the site carries out AdoptOrphan or refuses it.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from hub.app.errors import HubRefused
from hub.app.holes import filling
from hub.app.operating import Hole as ListedHole
from hub.ingest.ports import Hole
from shared.domain.adopting import BOX_OWN, AdoptOrphan, OrphanedEntry
from shared.protocol.entry import StoredEntry
from shared.protocol.envelope import SiteCommand
from shared.protocol.subjects import Address
from tests.sim.hub import Hub
from tests.sim.mirror import Mirror
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["Operator"]

_LOOK_EVERY_S = 20.0
_NEVER_MS = 10**15
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_BROUGHT = "a tablet has brought it"


class Operator:
    """Looks at one site now and then. `set_aside` holds a reason for each command that will not be adopted."""

    def __init__(self, address: Address, hub: Hub, mirror: Mirror | None, scheduler: Scheduler, profile: Profile) -> None:
        self.set_aside: dict[str, str] = {}
        self._address = address
        self._hub = hub
        self._mirror = mirror
        self._is_healthy = False
        self._scheduler = scheduler
        self._profile = profile
        self._wanted: dict[str, bool] = {}  # by check: whether what happened to it is adopted
        self._given_up: set[str] = set()  # checks of which something was set aside

    def work(self) -> None:
        self.look()
        if self._is_healthy or self._scheduler.chance(0.3):  # the stick has to be sent to the hub
            self.fill_holes()
        self._scheduler.after(_LOOK_EVERY_S, self.work)

    def heal(self) -> None:
        """From here on whoever has a stick brings it."""
        self._is_healthy = True

    # --- holes ---

    def fill_holes(self) -> None:
        """`comanda hub holes fill`, with what is on the mirror stick."""
        if self._mirror is None or self._hub.shard.is_down or not self._hub.holes(self._address):
            return
        # In the turmoil the stick may be torn, or a bit of it rotten; in the end it is read again.
        files = self._mirror.files if self._is_healthy else [rows for rows, _ in self._mirror.found()]
        for hole, entries in self._fillings(files):
            self._hub.fill(hole, entries)
            self._scheduler.note(f"hub: the hole up to {hole.last.sequence} is filled")

    def may_fill(self) -> bool:
        """Whether a hole is open that the mirror can fill."""
        return self._mirror is not None and bool(self._fillings(self._mirror.files))

    def _fillings(self, files: Sequence[list[StoredEntry]]) -> list[tuple[Hole, list[StoredEntry]]]:
        found: list[tuple[Hole, list[StoredEntry]]] = []
        for hole in self._hub.holes(self._address):
            for rows in files:
                try:
                    entries = filling(_as_listed(hole), [rows])
                except HubRefused:
                    continue  # another stick may have it
                found.append((hole, entries))
                break
        return found

    # --- orphans ---

    def open(self) -> set[str]:
        """The orphaned commands of which somebody has still to decide, or which are under way."""
        undecided = self._orphans().keys() - self.set_aside.keys()
        return undecided - {_command_of(row.entry) for row in self._hub.rows(self._address)} if undecided else set()

    def look(self) -> None:
        """Decide in the order of the branch, check by check: what rests on something that is not in effect waits, or goes with it."""
        if self._hub.shard.is_down:
            return
        undecided = self.open()
        waiting: set[str] = set()
        for id, rows in self._orphans().items():
            about = {check for row in rows for check in _checks_of(_said(row)["event"])}
            if id in self.set_aside and self.set_aside[id] != _BROUGHT:
                self._given_up |= about
            elif id in undecided and not about & waiting and self._is_whole(rows):
                self._decide(id, rows, about)
                waiting |= about if id not in self.set_aside else set()

    def _decide(self, id: str, rows: list[StoredEntry], about: set[str]) -> None:
        refusal = self._hub.refusal(self._address, id)
        if refusal == "orphan.in_effect":
            self.set_aside[id] = _BROUGHT
        elif refusal:
            self.set_aside[id] = f"the site would not have it: {refusal}"
        elif about & self._given_up:
            self.set_aside[id] = "it rests on what was set aside"
        elif all(_said(row)["event"]["type"] in BOX_OWN for row in rows):
            self.set_aside[id] = "the old box ran itself by it"
        elif self._wanted.setdefault(min(about, default=id), self._scheduler.chance(self._profile.adopt)):
            entries = tuple([OrphanedEntry(hash=row.hash.hex(), entry=msgspec.Raw(row.entry)) for row in rows])
            body = msgspec.json.encode(AdoptOrphan(entries=entries))
            self._hub.ask_site(self._address, SiteCommand(id=id, command=body, expires_at_ms=_NEVER_MS))
        else:
            self.set_aside[id] = "nobody wants it"
        if id in self.set_aside and self.set_aside[id] != _BROUGHT:
            self._given_up |= about

    @staticmethod
    def _is_whole(rows: list[StoredEntry]) -> bool:
        return len(rows) == _said(rows[0])["of"]

    def _orphans(self) -> dict[str, list[StoredEntry]]:
        """Entries of every branch, by command; of one that two boxes decided, what the later of them made of it."""
        found: dict[str, list[StoredEntry]] = {}
        for (address, _), rows in sorted(self._hub.shard.orphans.items()):
            if address == self._address:
                branch: dict[str, list[StoredEntry]] = defaultdict(list)
                for row in rows:
                    branch[_command_of(row.entry)].append(row)
                found |= branch
        return found


def _as_listed(hole: Hole) -> ListedHole:
    """A hole as `comanda hub holes list` has it."""
    return ListedHole(
        org_id=hole.address.org_id, site_id=hole.address.site_id, first=hole.before.sequence + 1, before=hole.before, last=hole.last,
        declared_at=_LONG_AGO, filled_at=None,
    )  # fmt: skip


def _checks_of(event: dict[str, Any]) -> set[str]:
    """The checks that an event names."""
    found = {event[name] for name in ("check_id", "to_check_id", "into_check_id") if event.get(name)}
    found |= set(event.get("from_check_ids", ()))
    return found | {child["check_id"] for child in event.get("children", ())}


@lru_cache(maxsize=50_000)
def _command_of(entry: bytes) -> str:
    return json.loads(entry)["command"]


def _said(row: StoredEntry) -> dict[str, Any]:
    return json.loads(row.entry)
