"""Alarms: what a person should look at is told within its bound, and no longer once it is over."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.api.alarms import alarms, look
from edge.api.state import Edge
from edge.app.feed import Feed
from edge.app.fence import Fence
from edge.app.followers import FollowerRow, Followers
from edge.journal.handed_in import HandedInFile
from edge.journal.reader import Reader
from shared.domain.check import AddLine, OpenCheck, SendCheck
from shared.domain.kitchen.showing import MarkShown
from shared.limits import CLOUD_BEHIND_ALARM_S, CLOUD_NEVER_ALARM_S, FOLLOWER_SILENT_ALARM_S, KITCHEN_UNSHOWN_ALARM_S
from shared.protocol.entry import START, Position
from shared.protocol.session import CloudState, LinkState
from tests.unit.edge.site_kit import SiteKit, device
from tests.unit.shared.domain.world import name_id

CHECK = name_id("a")
GIB = 1024**3


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    """A check whose soup has just been sent."""
    made = SiteKit(tmp_path)
    made.load_menu()
    made.batch(OpenCheck(check_id=CHECK), AddLine(check_id=CHECK, line_id=name_id("a/1"), item_id="soup"), SendCheck(check_id=CHECK))
    yield made
    made.close()


class TestEdge(Edge):
    """What of a running edge the alarms ask, with the clock of the kit."""

    __test__ = False

    def now(self) -> datetime:
        return self.settings.now()  # type: ignore[attr-defined] - the kit's


@pytest.fixture
async def edge(kit: SiteKit, tmp_path: Path) -> AsyncIterator[Edge]:
    reader = Reader(kit.path)
    await reader.open()

    async def keep(name: str, row: FollowerRow) -> None:
        raise AssertionError("nothing is kept here")

    feed = Feed(START)
    feed.head = kit.site.head
    settings: Any = SimpleNamespace(data_dir=tmp_path, now=lambda: kit.now)
    absent: Any = None
    yield TestEdge(
        box=absent, settings=settings, writer=absent, reader=reader, feed=feed, devices=absent, metrics=absent, site=kit.site.state,
        cloud=CloudState(), cards=absent, fence=Fence(kit.identity), told=Followers({}, keep),
        hand_ins=absent, refused_hand_ins=HandedInFile(tmp_path),
    )  # fmt: skip
    await reader.close()


def reach(edge: Edge, sequence: int, link: LinkState = "sending") -> None:
    edge.cloud = CloudState(sequence=sequence, link=link)


async def test_a_ticket_that_no_screen_shows_raises_the_alarm_once_the_bound_has_passed(kit: SiteKit, edge: Edge) -> None:
    assert await look(edge) == ()
    kit.wait(seconds=KITCHEN_UNSHOWN_ALARM_S)
    assert await look(edge) == ()
    kit.wait(seconds=1)
    assert alarms(edge) == (), "what is in the journal is told as it was last looked at"
    assert await look(edge) == ("kitchen.unshown",)
    assert alarms(edge) == ("kitchen.unshown",)


async def test_a_screen_that_shows_it_ends_the_alarm(kit: SiteKit, edge: Edge) -> None:
    kit.wait(seconds=KITCHEN_UNSHOWN_ALARM_S + 1)
    assert await look(edge) == ("kitchen.unshown",)
    tickets = await edge.reader.live_tickets(10)
    kit.one(MarkShown(ticket_ids=tuple(ticket.ticket_id for ticket in tickets)), by=device("kds"))
    assert await look(edge) == ()


def disk(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    monkeypatch.setattr("edge.api.alarms.shutil.disk_usage", lambda _: SimpleNamespace(total=total, free=free))


@pytest.mark.parametrize(
    ("total", "free", "alarm"),
    [
        (256 * GIB, 5 * GIB, ()),
        (256 * GIB, 3 * GIB, ("storage.low",)),
        (256 * GIB, GIB // 4, ("storage.critical",)),
        (8 * GIB, GIB, ()),
        (8 * GIB, GIB // 2, ("storage.low",)),
        (8 * GIB, GIB // 10, ("storage.critical",)),
    ],
)
async def test_a_disk_is_low_long_before_it_is_full_whatever_its_size(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, total: int, free: int, alarm: tuple[str, ...]
) -> None:
    disk(monkeypatch, total, free)
    assert alarms(edge) == alarm


async def test_alarms_of_disk_and_cloud_stand_beside_each_other_and_each_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, 8 * GIB, GIB // 2)
    edge.cloud = CloudState(alarm="envelope.fork")
    assert await look(edge) == ("storage.low", "envelope.fork")
    edge.fence.obey(2)
    edge.cloud = CloudState(alarm="epoch.fenced")
    assert await look(edge) == ("storage.low", "epoch.fenced")


async def test_a_line_that_is_down_for_a_minute_raises_the_alarm_and_clears_it_when_all_is_in_the_cloud(kit: SiteKit, edge: Edge) -> None:
    edge.is_unshown = False
    reach(edge, kit.site.head.sequence)
    assert "cloud.behind" not in await look(edge), "everything is there"
    reach(edge, kit.site.head.sequence - 1)
    kit.wait(seconds=CLOUD_BEHIND_ALARM_S)
    assert "cloud.behind" not in await look(edge)
    kit.wait(seconds=1)
    assert "cloud.behind" in await look(edge)
    reach(edge, kit.site.head.sequence)
    assert "cloud.behind" not in await look(edge)


async def test_a_box_that_waits_for_its_line_is_left_a_day_before_it_complains(kit: SiteKit, edge: Edge) -> None:
    kit.wait(seconds=CLOUD_NEVER_ALARM_S)
    assert "cloud.behind" not in await look(edge)
    kit.wait(seconds=1)
    assert "cloud.behind" in await look(edge)


async def test_of_a_fenced_box_what_the_hub_keeps_apart_is_behind_no_more(kit: SiteKit, edge: Edge) -> None:
    reach(edge, 1, "fenced")
    edge.fence.obey(2)
    kit.wait(seconds=CLOUD_BEHIND_ALARM_S + 1)
    assert "cloud.behind" in await look(edge)
    edge.kept_sequence = kit.site.head.sequence
    assert "cloud.behind" not in await look(edge)


async def test_a_mirror_that_falls_silent_behind_the_journal_is_missed(kit: SiteKit, edge: Edge) -> None:
    edge.told.tell("mirror", FollowerRow(str(kit.site.head), "", kit.now))
    kit.wait(seconds=FOLLOWER_SILENT_ALARM_S + 1)
    assert "mirror.silent" not in alarms(edge), "nothing was written that it could lack"
    edge.feed.head = Position(1, kit.site.head.sequence + 1, bytes(32))
    assert "mirror.silent" in alarms(edge)
    edge.told.tell("mirror", FollowerRow(str(kit.site.head), '{"alarm":"mirror.fork"}', kit.now))
    assert alarms(edge) == ("mirror.fork",)
    edge.told.forget("mirror")
    assert alarms(edge) == ()
