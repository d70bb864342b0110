"""Trimming, over the simulated disk and the SQLite file: what was forgotten stays in effect, and nothing else is forgotten."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.app.ports import Store
from edge.app.site import Request, Site
from edge.journal.store import SqliteStore
from shared.domain.check import CHECK, Check
from shared.domain.menu import menu_version
from shared.domain.site import ApplyMenu
from shared.limits import TRIM_CHUNK_ENTRIES
from shared.protocol.entry import START, decode_entry
from tests.sim.store import Disk, SimStore
from tests.unit.edge.site_kit import BOX, POS, identity, refusal, service, submit
from tests.unit.shared.domain.world import MENU, NOON, name_id

Open = Callable[[], Store]


@pytest.fixture(params=["simulated", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    opened: list[SqliteStore] = []
    disk = Disk()

    def again() -> Store:
        if request.param == "simulated":
            return SimStore(disk)
        for store in opened:
            store.close()
        opened[:] = [SqliteStore(tmp_path / "journal.db")]
        return opened[0]

    yield again
    for store in opened:
        store.close()


def serve(store: Store) -> Site:
    """A site that has sold a few checks."""
    site = Site(identity(), store, lambda: NOON)
    site.start()
    version = menu_version(MENU)
    site.put_menu(version, msgspec.json.encode(MENU, order="deterministic"))
    site.execute([Request(device=BOX, commands=(submit(ApplyMenu(version=version)),))])
    for name in "abcdef":
        site.execute([Request(device=POS, commands=tuple(submit(command) for command in service(name, ("soup", "wine"))))])
    return site


def states(store: Store) -> dict[str, Any]:
    return {name: store.load(CHECK, name_id(name)) for name in "abcdef"}


def test_what_is_forgotten_stays_in_effect_and_the_chain_goes_on(open_store: Open) -> None:
    store = open_store()
    site = serve(store)
    whole, before = store.entries(0, 1_000), states(store)
    assert store.begins() == START
    begins = store.trim(20)
    assert 0 < begins.sequence <= 20
    assert begins == whole[begins.sequence - 1].position
    for open_it in (lambda: store, open_store):
        read = open_it()
        assert read.begins() == begins
        assert read.entries(0, 1_000) == read.entries(begins.sequence, 1_000) == whole[begins.sequence :]
        assert read.head().position == site.head
        assert states(read) == before
    again = Site(identity(), open_store(), lambda: NOON)
    outcomes, committed = again.execute([Request(device=POS, commands=tuple(submit(each) for each in service("later")))])
    assert isinstance(outcomes[0], tuple)
    assert committed is not None
    assert committed.entries[0].sequence == site.head.sequence + 1


def test_whole_commands_are_forgotten_in_bounded_chunks_and_never_the_last_entry(open_store: Open) -> None:
    store = open_store()
    site = serve(store)
    begins, steps = START, 0
    while (reached := store.trim(10**9)) != begins:
        first = decode_entry(store.entries(reached.sequence, 1)[0].entry)
        assert first.ordinal == 0
        assert reached.sequence - begins.sequence < TRIM_CHUNK_ENTRIES + 50
        begins, steps = reached, steps + 1
    assert steps >= 1
    assert begins.sequence < site.head.sequence
    assert store.trim(0) == begins


def test_a_command_that_comes_again_after_its_answer_was_forgotten_takes_no_effect_a_second_time(open_store: Open) -> None:
    store = open_store()
    serve(store)
    store.trim(10**9)
    again = Site(identity(), open_store(), lambda: NOON)
    for command in service("a", ("soup", "wine"))[:2]:
        outcomes, committed = again.execute([Request(device=POS, commands=(submit(command),))])
        assert refusal(outcomes[0]) == "command.forgotten"
        assert committed is None


def test_a_check_from_before_the_checkpoint_is_as_it_was(open_store: Open) -> None:
    store = open_store()
    serve(store)
    store.trim(10**9)
    again = Site(identity(), open_store(), lambda: NOON)
    check = again.find(Check, CHECK, name_id("b"))
    assert check is not None
    assert check.status == "closed"
