"""A short evening on a machine that fails, and what must hold of it whenever and however it failed.

What lives here: the evening (groups of commands, repeated by their devices until they are answered), the crash, and the judgement.
The machines are in machines.py; the chain is proven by code that is not the product's.
"""

import random
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from edge.app.ports import CommitUnknownError, StorageFullError, Store
from edge.app.site import BOX, RefusedCommand, Request, Site
from shared.domain.check import AddLine, OpenCheck
from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Key
from shared.domain.menu import menu_version
from shared.domain.registry import AGGREGATES
from shared.domain.site import ApplyMenu
from shared.protocol.entry import StoredEntry, decode_entry
from shared.protocol.fold import fold
from shared.protocol.session import Accepted
from tests.contract.machines import Faults, Machine, no_fault
from tests.unit.edge.site_kit import POS, ensure_whole, identity, request, service, submit
from tests.unit.shared.domain.world import MENU, NOON, name_id

__all__ = ["Evening", "Told", "undisturbed"]

A = TypeVar("A", bound=Aggregate)
_DISK_TROUBLE = (CommitUnknownError, StorageFullError, sqlite3.Error, OSError)
_TRIES = 12  # of a device or of systemd, before a test that repeats itself is called stuck
_VERSION = menu_version(MENU)


def _evening() -> list[list[Request]]:
    """Groups that are committed together: single commands, a batch, and several devices at once."""
    first, second = service("first"), service("second", ("soup", "soup"))
    third = name_id("third")
    return [
        [Request(device=BOX, commands=(submit(ApplyMenu(version=_VERSION)),))],
        [request(first[0])],
        [request(*first[1:3]), request(second[0])],
        [request(*second[1:])],
        [request(OpenCheck(check_id=third)), request(AddLine(check_id=third, line_id=name_id("third/0"), item_id="soup"), by=POS)],
        [request(*first[3:])],
    ]


class Told:
    """What devices and followers were told is so."""

    def __init__(self) -> None:
        self.answers: dict[str, Accepted] = {}
        self.is_menu_kept = False

    def forget(self) -> None:
        """A disk has lied: nothing that was told is held against the box."""
        self.answers.clear()
        self.is_menu_kept = False


class Evening:
    """The evening on one machine, over as many lives as it takes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.told = Told()

    def live(self, faults: Faults = no_fault) -> None:
        """One life until the end of the evening. Raises PowerCut where the power went.

        Where the disk errs, the process goes on as the writer does: it recovers, or ends and is started again.
        """
        for attempt in range(_TRIES):
            try:
                # Every further process is another life of the same faults' world: a fault that was met is over.
                self._serve(Site(identity(), self.machine.boot(faults if attempt == 0 else no_fault), lambda: NOON))
            except _DISK_TROUBLE:
                continue
            return
        raise AssertionError("the box could not be started any more")

    def _serve(self, site: Site) -> None:
        _until_done(site, site.start)
        _until_done(site, lambda: site.put_menu(_VERSION, msgspec.json.encode(MENU)))
        self.told.is_menu_kept = True
        for group in _evening():
            self._answer(site, group)

    def _answer(self, site: Site, group: list[Request]) -> None:
        """Every device asks until it is answered."""
        for _ in range(_TRIES):
            outcomes, _committed = site.execute(group)
            refused = [outcome.error for outcome in outcomes if isinstance(outcome, RefusedCommand)]
            for outcome in outcomes:
                if not isinstance(outcome, RefusedCommand):
                    self._note(outcome)
            if not refused:
                return
            assert {error.code for error in refused} <= {"commit.unknown", "storage.full"}, refused
        raise AssertionError("the disk never had room again")

    def _note(self, answers: Sequence[Accepted]) -> None:
        for answer in answers:
            before = self.told.answers.setdefault(answer.command_id, answer)
            assert answer == before, "a repeat was answered otherwise"

    # --- the judgement ---------------------------------------------------------------------------

    def ensure_kept(self) -> list[StoredEntry]:
        """The journal as the power cut left it holds everything that was told, and nothing by halves. Its entries."""
        store = self.machine.inspect()
        entries = store.entries(0, 10_000)
        ensure_whole([(entry.sequence, entry.epoch, entry.hash, entry.entry) for entry in entries])
        site = Site(identity(), store, lambda: NOON)
        for command_id, answer in self.told.answers.items():
            assert site.answer(command_id) == answer, "what was acknowledged is gone"
        assert not self.told.is_menu_kept or store.document(_VERSION) == msgspec.json.encode(MENU)
        _ensure_nothing_by_halves(entries)
        _ensure_projected(store, entries)
        return entries

    def ensure_goes_on(self, rng: random.Random, undisturbed: list[StoredEntry]) -> None:
        """The power is back: the evening is taken up by the same devices, and comes out as if nothing had happened."""
        self.live()
        self.machine.cut(rng)
        assert self.ensure_kept() == undisturbed


def _until_done(site: Site, act: Callable[[], object]) -> None:
    for _ in range(_TRIES):
        try:
            act()
        except _DISK_TROUBLE:
            site.recover()
        except Refused as error:
            if error.code not in {"commit.unknown", "storage.full"}:
                raise
        else:
            return
    raise AssertionError("the disk never had room again")


def _ensure_nothing_by_halves(entries: Sequence[StoredEntry]) -> None:
    """Commands are there whole, and so is the group that was committed in one transaction."""
    said = [decode_entry(entry.entry) for entry in entries]
    for entry in said:
        assert [each.ordinal for each in said if each.command == entry.command] == list(range(entry.of)), "half a command"
    there = {entry.command for entry in said}
    for group in _evening():
        ids = {said.id for each in group for said in each.commands}
        assert ids <= there or not ids & there, "half a transaction"


class _Folded:
    """The state that the entries leave, in memory."""

    def __init__(self) -> None:
        self.state: dict[Key, Aggregate] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.state.get((kind, id))
        assert found is None or isinstance(found, cls)
        return found


def _ensure_projected(store: Store, entries: Sequence[StoredEntry]) -> None:
    """The projections say what the journal says, and no more (Law 2)."""
    view = _Folded()
    for entry in entries:
        view.state.update(fold(view, decode_entry(entry.entry)) or {})
    for (kind, id), aggregate in view.state.items():
        row = store.load(kind, id)
        assert row is not None, f"{kind} {id} is not projected"
        assert msgspec.json.decode(row, type=AGGREGATES[kind]) == aggregate
    for command in {said.id for group in _evening() for each in group for said in each.commands}:
        is_there = any(decode_entry(entry.entry).command == command for entry in entries)
        assert (command in store.find_commands([command])) == is_there


def undisturbed(machine: Machine) -> list[StoredEntry]:
    """The journal of an evening on which nothing went wrong."""
    evening = Evening(machine)
    evening.live()
    return evening.ensure_kept()
