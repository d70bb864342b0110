"""Reading beside the writer: one moment for screens, and connections that survive whoever walks away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.journal.reader import ChecksWanted, Reader
from shared.domain.check import Check, OpenCheck
from shared.domain.kitchen.ticket import BumpTicket, Ticket
from shared.limits import READERS_MAX
from tests.unit.edge.site_kit import SiteKit, device, service, submit
from tests.unit.shared.domain.world import name_id


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    made = SiteKit(tmp_path)
    made.load_menu()
    yield made
    made.close()


@pytest.fixture
async def reader(kit: SiteKit) -> AsyncIterator[Reader]:
    made = Reader(kit.path)
    await made.open()
    yield made
    await made.close()


async def test_screens_show_what_is_live_and_the_head_it_belongs_to(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("closed", ("soup", "wine")))
    kit.one(OpenCheck(check_id=name_id("open")))
    head, found = await reader.screens(None, 100)
    assert head == kit.site.head
    assert found is not None
    assert [each.check_id for each, _ in found if isinstance(each, Check)] == [name_id("open")]
    assert {each.station for each, _ in found if isinstance(each, Ticket)} == {"kitchen", "bar"}


async def test_screens_after_a_cursor_show_each_changed_thing_once_closed_ones_included(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("before"))
    cursor = kit.site.head
    kit.batch(*service("after"))
    head, found = await reader.screens(cursor.sequence, 100)
    assert head == kit.site.head
    assert found is not None
    assert [each.check_id for each, _ in found if isinstance(each, Check)] == [name_id("after")]


async def test_each_check_is_shown_with_the_entry_that_changed_it_last(kit: SiteKit, reader: Reader) -> None:
    kit.one(OpenCheck(check_id=name_id("still")))
    still = kit.site.head.sequence
    kit.batch(*service("closed"))
    closed_at = kit.site.head.sequence
    _, live = await reader.screens(None, 100)
    assert live is not None
    assert [sequence for each, sequence in live if isinstance(each, Check)] == [still]
    _, changed = await reader.screens(still, 100)
    assert changed is not None
    assert [sequence for each, sequence in changed if isinstance(each, Check)] == [closed_at]
    assert [sequence for _, sequence in await reader.check_changes(ChecksWanted(), 10)] == [still]


async def test_more_changes_than_fit_ask_for_a_snapshot_instead(kit: SiteKit, reader: Reader) -> None:
    for number in range(5):
        kit.one(OpenCheck(check_id=name_id(str(number))))
    _, found = await reader.screens(1, 4)
    assert found is None


async def test_what_nobody_finished_hides_nothing_new(kit: SiteKit, reader: Reader) -> None:
    for number in range(5):
        kit.one(OpenCheck(check_id=name_id(str(number))))
    assert [check.check_id for check in await reader.checks(ChecksWanted(), 3)] == [name_id("2"), name_id("3"), name_id("4")]
    _, found = await reader.screens(None, 2)
    assert found is not None
    assert [each.check_id for each, _ in found if isinstance(each, Check)] == [name_id("3"), name_id("4")]


async def test_a_screen_that_goes_away_at_any_moment_leaves_no_connection_inside_a_transaction(kit: SiteKit, reader: Reader) -> None:
    """Cancelled between BEGIN and COMMIT, the connection used to go back to the pool with its transaction open: from then on it
    showed one old moment for ever, or failed, and kept the WAL from being checkpointed."""
    for step in range(60):
        asking = asyncio.ensure_future(reader.screens(None, 100))
        for _ in range(step % 20):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    kit.one(OpenCheck(check_id=name_id("later")))
    for _ in range(READERS_MAX):
        head, _ = await reader.screens(None, 100)
        assert head == kit.site.head
        assert await reader.entry(kit.site.head.sequence) is not None, "a plain read sees the present too"


async def test_every_connection_can_wait_and_none_is_lost(kit: SiteKit, reader: Reader) -> None:
    heads = await asyncio.gather(*(reader.screens(None, 10) for _ in range(READERS_MAX * 10)))
    assert {head for head, _ in heads} == {kit.site.head}


async def test_closed_checks_come_by_business_date_the_last_first(kit: SiteKit, reader: Reader) -> None:
    for name in ("monday", "monday late"):
        kit.batch(*service(name))
    kit.wait(days=1)
    kit.batch(*service("tuesday"))
    found = await reader.checks(closed("2026-03-02", "2026-03-02"), 10)
    assert [each.check_id for each in found] == [name_id("monday late"), name_id("monday")]
    assert len(await reader.checks(closed("2026-03-01", "2026-03-31"), 2)) == 2
    assert await reader.checks(closed("2026-03-02' OR 1=1 --", "2026-03-02"), 10) == []


def closed(first: str, last: str, **narrowed: str) -> ChecksWanted:
    return ChecksWanted(status="closed", from_date=first, to_date=last, **narrowed)


async def test_checks_are_narrowed_to_a_table_a_person_a_service_and_a_date(kit: SiteKit, reader: Reader) -> None:
    anna = submit(OpenCheck(check_id=name_id("a"), table_id="1"), actor_id="anna")
    kit.one(anna)
    kit.one(OpenCheck(check_id=name_id("b"), table_id="2"))
    kit.one(OpenCheck(check_id=name_id("c"), service="quick"))
    kit.batch(*service("closed"))

    async def ids(wanted: ChecksWanted) -> set[str]:
        return {each.check_id for each in await reader.checks(wanted, 10)}

    assert await ids(ChecksWanted(table_id="2")) == {name_id("b")}
    assert await ids(ChecksWanted(owner_id="anna")) == {name_id("a")}
    assert await ids(ChecksWanted(service="quick")) == {name_id("c")}
    assert await ids(ChecksWanted(service="table", table_id="1")) == {name_id("a")}
    assert await ids(ChecksWanted(from_date="2026-03-03", to_date="2026-03-03")) == set()
    assert await ids(closed("2026-03-02", "2026-03-02", table_id="1")) == {name_id("closed")}
    assert await ids(closed("2026-03-02", "2026-03-02", table_id="2")) == set()


async def test_tickets_of_a_check_and_those_a_station_was_done_with_last(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("a", ("soup", "wine")))
    kit.batch(*service("b", ("wine",)))
    tickets = await reader.tickets_of(name_id("a"))
    assert {each.station for each in tickets} == {"kitchen", "bar"}
    assert await reader.tickets_of(name_id("nowhere")) == []
    assert await reader.recent_tickets(["bar", "kitchen", "oven"]) == []
    for ticket in (*tickets, *await reader.tickets_of(name_id("b"))):
        kit.wait(seconds=1)
        kit.one(BumpTicket(ticket_id=ticket.ticket_id), by=device("kds"))
    recent = await reader.recent_tickets(["bar", "kitchen", "oven"])
    assert [each.check_id for each in recent] == [name_id("b"), name_id("a"), name_id("a")]
    assert [each.check_id for each in await reader.recent_tickets(["bar"])] == [name_id("b"), name_id("a")]
    assert await reader.recent_tickets([]) == []


async def test_more_ids_than_one_statement_usually_takes_are_all_found(kit: SiteKit, reader: Reader) -> None:
    for number in range(130):
        kit.one(OpenCheck(check_id=name_id(str(number))))
    ids = [name_id(str(number)) for number in reversed(range(130))]
    for count in (1, 2, 63, 64, 65, 130):
        assert [each.check_id for each in await reader._of(Check, "check", ids[:count])] == ids[:count]


async def test_books_come_by_date_and_no_other_days_with_them(kit: SiteKit, reader: Reader) -> None:
    for _ in range(3):
        kit.batch(*service(f"on {kit.now}"))
        kit.wait(days=1)
    assert [book.business_date for book in await reader.books("2026-03-02", "2026-03-03", 10)] == ["2026-03-02", "2026-03-03"]
    assert [book.business_date for book in await reader.books("0001-01-01", "9999-12-31", 2)] == ["2026-03-02", "2026-03-03"]
    assert await reader.books("2026-03-05", "2026-03-02", 10) == []


async def test_the_history_of_a_check_is_every_entry_that_names_it_the_last_first(
    kit: SiteKit, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        kit.batch(*service(name))
    end = kit.site.head.sequence + 1
    mine = [entry["sequence"] for _, _, entry in kit.entries() if name_id("b") in str(entry["event"])]
    found, rest = await reader.entries_naming(name_id("b"), end, 100)
    assert ([each.sequence for each in found], rest) == (mine[::-1], 0)
    monkeypatch.setattr("edge.journal.reader.HISTORY_PAGE_ENTRIES", 2)
    monkeypatch.setattr("edge.journal.reader.HISTORY_SCANNED_MAX", 4)
    pages, before = list[int](), end
    while before:
        found, before = await reader.entries_naming(name_id("b"), before, 3)
        assert len(found) <= 3
        pages += [each.sequence for each in found]
    assert pages == mine[::-1], "put together from pages it is the same, each entry once"


async def test_entries_come_in_order_after_a_sequence(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("a"))
    entries = await reader.entries(1, 3)
    assert [entry.sequence for entry in entries] == [2, 3, 4]
    assert await reader.entries(kit.site.head.sequence, 10) == []


async def test_a_reader_cannot_write(kit: SiteKit, reader: Reader) -> None:
    async with reader._connection() as connection:
        with pytest.raises(Exception, match="readonly"):
            await connection.execute("DELETE FROM journal")
