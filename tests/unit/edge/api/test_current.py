"""Refused with the current state: two waiters at one check, and what the later one is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.api.current import with_current
from edge.app.site import RefusedCommand
from edge.journal.reader import Reader
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.errors import Refused
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import BumpTicket, Ticket
from shared.domain.views import CheckView
from tests.unit.edge.site_kit import SiteKit, device
from tests.unit.shared.domain.world import name_id

CHECK, LINE = name_id("a"), name_id("a/1")
OTHER = device("pos", "the other tablet")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    """A check with one line that is in the kitchen."""
    made = SiteKit(tmp_path)
    made.load_menu()
    made.batch(OpenCheck(check_id=CHECK), AddLine(check_id=CHECK, line_id=LINE, item_id="soup"), SendCheck(check_id=CHECK))
    yield made
    made.close()


@pytest.fixture
async def reader(kit: SiteKit) -> AsyncIterator[Reader]:
    made = Reader(kit.path)
    await made.open()
    yield made
    await made.close()


def refused(kit: SiteKit, *commands: Command) -> RefusedCommand:
    outcome = kit.batch(*commands, by=OTHER)
    assert isinstance(outcome, RefusedCommand), f"accepted: {outcome}"
    return outcome


async def test_a_waiter_who_voids_what_another_has_sent_is_told_how_the_check_stands(kit: SiteKit, reader: Reader) -> None:
    told = await with_current(reader, refused(kit, VoidLine(check_id=CHECK, line_id=LINE)))
    assert told.error.code == "line.already_sent"
    current = told.error.facts["current"]
    assert isinstance(current, CheckView)
    assert [(line.line_id, line.status) for line in current.lines] == [(LINE, "sent")]
    assert told.error.facts["line_id"] == LINE, "what the refusal said itself stays"


async def test_a_waiter_who_orders_on_a_check_that_another_has_closed_is_told_that_it_is(kit: SiteKit, reader: Reader) -> None:
    kit.batch(PayCash(check_id=CHECK, tendered_minor=10_000), CloseCheck(check_id=CHECK))
    told = await with_current(reader, refused(kit, AddLine(check_id=CHECK, line_id=name_id("late"), item_id="soup")))
    assert (told.error.code, told.error.facts["current"].status, told.error.facts["current"].due_minor) == ("check.closed", "closed", 0)


async def test_the_index_of_the_command_at_fault_is_kept(kit: SiteKit, reader: Reader) -> None:
    fresh = AddLine(check_id=CHECK, line_id=name_id("a/2"), item_id="soup")
    told = await with_current(reader, refused(kit, fresh, VoidLine(check_id=CHECK, line_id=LINE)))
    assert told.index == 1
    assert len(told.error.facts["current"].lines) == 1, "what a refused batch would have made is in no state"


async def test_a_check_that_only_the_refused_batch_would_have_opened_has_no_state(kit: SiteKit, reader: Reader) -> None:
    new = name_id("new")
    told = await with_current(reader, refused(kit, OpenCheck(check_id=new), CloseCheck(check_id=new), CloseCheck(check_id=new)))
    assert "current" not in told.error.facts


async def test_a_ticket_is_told_rather_than_its_check(kit: SiteKit, reader: Reader) -> None:
    ticket = (await reader.live_tickets(1))[0]
    kit.one(BumpTicket(ticket_id=ticket.ticket_id), by=device("kds"))
    conflict = Refused("ticket.already_bumped", "Bumped.", ticket_id=ticket.ticket_id, check_id=CHECK)
    told = await with_current(reader, RefusedCommand(error=conflict))
    assert isinstance(told.error.facts["current"], Ticket)
    assert told.error.facts["current"].status == "bumped"


@pytest.mark.parametrize(
    "error",
    [
        Refused("line.unknown", "No such line.", check_id=CHECK),
        Refused("check.closed", "Which check?"),
        Refused("check.closed", "No such check.", check_id=name_id("nowhere")),
        Refused("check.closed", "No id.", check_id=5),
        Refused("edge.defect", "Not of the domain.", check_id=CHECK),
    ],
)
async def test_only_a_conflict_that_names_what_there_is_carries_a_state(kit: SiteKit, reader: Reader, error: Refused) -> None:
    before = RefusedCommand(error=error)
    assert await with_current(reader, before) is before


async def test_a_refusal_does_not_wait_for_a_disk_that_hangs(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(reader, "aggregate", hang)
    monkeypatch.setattr("edge.api.current.CURRENT_STATE_TIMEOUT_S", 0.01)
    before = RefusedCommand(error=Refused("check.closed", "Closed.", check_id=CHECK))
    assert await with_current(reader, before) is before


async def test_reading_the_state_leaves_the_loop_to_others(kit: SiteKit, reader: Reader) -> None:
    """The file is read in a thread: a refusal that is being told holds up nobody."""
    telling = asyncio.ensure_future(with_current(reader, RefusedCommand(error=Refused("check.closed", "Closed.", check_id=CHECK))))
    await asyncio.sleep(0)
    assert not telling.done()
    turns: Callable[[], int] = iter(range(10**6)).__next__
    while not telling.done():
        turns()
        await asyncio.sleep(0)
    assert telling.result().error.facts["current"].check_id == CHECK
