"""Alarms: a ticket that no screen shows is told within the bound, and no longer once somebody shows it."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.api.alarms import alarms, look
from edge.journal.reader import Reader
from shared.domain.check import AddLine, OpenCheck, SendCheck
from shared.domain.kitchen.showing import MarkShown
from shared.limits import KITCHEN_UNSHOWN_ALARM_S
from shared.protocol.session import CloudState
from tests.unit.edge.site_kit import SiteKit, device
from tests.unit.shared.domain.world import name_id

CHECK = name_id("a")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    """A check whose soup has just been sent."""
    made = SiteKit(tmp_path)
    made.load_menu()
    made.batch(OpenCheck(check_id=CHECK), AddLine(check_id=CHECK, line_id=name_id("a/1"), item_id="soup"), SendCheck(check_id=CHECK))
    yield made
    made.close()


@pytest.fixture
async def edge(kit: SiteKit, tmp_path: Path) -> AsyncIterator[Any]:
    """What of a running edge the alarms ask, with the clock of the kit."""
    reader = Reader(kit.path)
    await reader.open()
    yield SimpleNamespace(
        reader=reader, site=kit.site.state, cloud=CloudState(), settings=SimpleNamespace(data_dir=tmp_path), is_unshown=False, now=lambda: kit.now,
    )  # fmt: skip
    await reader.close()


async def test_a_ticket_that_no_screen_shows_raises_the_alarm_once_the_bound_has_passed(kit: SiteKit, edge: Any) -> None:
    assert await look(edge) == ()
    kit.wait(seconds=KITCHEN_UNSHOWN_ALARM_S)
    assert await look(edge) == ()
    kit.wait(seconds=1)
    assert alarms(edge) == (), "what is in the journal is told as it was last looked at"
    assert await look(edge) == ("kitchen.unshown",)
    assert alarms(edge) == ("kitchen.unshown",)


async def test_a_screen_that_shows_it_ends_the_alarm(kit: SiteKit, edge: Any) -> None:
    kit.wait(seconds=KITCHEN_UNSHOWN_ALARM_S + 1)
    assert await look(edge) == ("kitchen.unshown",)
    tickets = await edge.reader.live_tickets(10)
    kit.one(MarkShown(ticket_ids=tuple(ticket.ticket_id for ticket in tickets)), by=device("kds"))
    assert await look(edge) == ()


async def test_alarms_of_disk_and_cloud_stand_beside_it(edge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    edge.cloud = CloudState(alarm="epoch.fenced")
    monkeypatch.setattr("edge.api.alarms.DISK_FREE_ALARM_BYTES", 10**18)
    assert await look(edge) == ("storage.low", "epoch.fenced")
