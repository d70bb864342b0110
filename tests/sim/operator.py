"""A simulated operator at the hub: looks at what replaced boxes still held, and adopts it or sets it aside with a reason.

What lives here: `comanda hub orphans`, as far as it is decisions. What an orphan is, and whether it fits, is decided by the shipped
code: the hub keeps branches, the site carries out AdoptOrphan or refuses it.
"""

import json
from collections import defaultdict
from typing import Any

import msgspec

from shared.domain.adopting import BOX_OWN, AdoptOrphan, OrphanedEntry
from shared.protocol.entry import StoredEntry
from shared.protocol.envelope import SiteCommand
from shared.protocol.subjects import Address
from tests.sim.hub import Hub
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["Operator"]

_LOOK_EVERY_S = 20.0
_NEVER_MS = 10**15


class Operator:
    """Looks at one site now and then. `set_aside` holds a reason for each command that will not be adopted."""

    def __init__(self, address: Address, hub: Hub, scheduler: Scheduler, profile: Profile) -> None:
        self.set_aside: dict[str, str] = {}
        self._address = address
        self._hub = hub
        self._scheduler = scheduler
        self._profile = profile
        self._wanted: dict[str, bool] = {}

    def work(self) -> None:
        self.look()
        self._scheduler.after(_LOOK_EVERY_S, self.work)

    def open(self) -> set[str]:
        """The orphaned commands of which somebody has still to decide, or which are under way."""
        journal = {command for row in self._hub.rows(self._address) if (command := _said(row)["command"])}
        return {id for id in self._orphans() if id not in journal and id not in self.set_aside}

    def look(self) -> None:
        if self._hub.shard.is_down:
            return
        orphans, decide = self._orphans(), self._scheduler.chance
        for id in sorted(self.open()):
            rows = orphans[id]
            refusal = self._hub.refusal(self._address, id)
            if not self._is_whole(rows):
                continue
            if all(_said(row)["event"]["type"] in BOX_OWN for row in rows):
                self.set_aside[id] = "the old box ran itself by it"
            elif refusal == "orphan.in_effect":
                self.set_aside[id] = "a tablet has brought it"
            elif refusal:
                self.set_aside[id] = f"the site would not have it: {refusal}"
            elif self._wanted.setdefault(id, decide(self._profile.adopt)):
                entries = tuple([OrphanedEntry(hash=row.hash.hex(), entry=msgspec.Raw(row.entry)) for row in rows])
                body = msgspec.json.encode(AdoptOrphan(entries=entries))
                self._hub.ask_site(self._address, SiteCommand(id=id, command=body, expires_at_ms=_NEVER_MS))
            else:
                self.set_aside[id] = "nobody wants it"

    @staticmethod
    def _is_whole(rows: list[StoredEntry]) -> bool:
        return len(rows) == _said(rows[0])["of"]

    def _orphans(self) -> dict[str, list[StoredEntry]]:
        """Entries of every branch, by command."""
        found: dict[str, list[StoredEntry]] = defaultdict(list)
        for (address, _), rows in self._hub.shard.orphans.items():
            if address == self._address:
                for row in rows:
                    found[_said(row)["command"]].append(row)
        return found


def _said(row: StoredEntry) -> dict[str, Any]:
    return json.loads(row.entry)
