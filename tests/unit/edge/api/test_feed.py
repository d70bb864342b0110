"""Cursors after a trim: a follower that needs every entry is told so, a screen begins anew, and neither is taken for a fork."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from edge.api.feed import ensure_cursor, ensure_held, screen_cursor
from edge.api.state import Edge
from edge.app.feed import Feed
from edge.journal.reader import Reader
from shared.domain.errors import Refused
from shared.protocol.entry import START, Position
from tests.unit.edge.site_kit import SiteKit, service


@pytest.fixture
async def edge(tmp_path: Any) -> AsyncIterator[Edge]:
    """An edge whose journal was trimmed to its second half, as far as cursors are concerned."""
    kit = SiteKit(tmp_path)
    kit.load_menu()
    for name in ("a", "b", "c"):
        kit.batch(*service(name))
    entries = kit.store.entries(0, 1000)
    begins = kit.store.trim(len(entries) // 2)
    reader = Reader(kit.path)
    await reader.open()
    absent: Any = None
    yield Edge(
        box=absent, settings=absent, writer=absent, reader=reader, feed=Feed(kit.site.head), devices=absent, metrics=absent,
        site=kit.site.state, cloud=absent, cards=absent, fence=absent, told=absent, hand_ins=absent, refused_hand_ins=absent, begins=begins,
    )  # fmt: skip
    await reader.close()
    kit.close()


async def refusal_of(edge: Edge, after: str) -> str:
    with pytest.raises(Refused) as refused:
        ensure_held(edge, await ensure_cursor(edge, after))
    return refused.value.code


async def test_a_follower_that_needs_every_entry_learns_that_the_first_are_no_longer_here(edge: Edge) -> None:
    assert await refusal_of(edge, "") == "feed.trimmed"
    assert await refusal_of(edge, str(Position(1, 1, bytes(32)))) == "feed.trimmed"
    assert ensure_held(edge, await ensure_cursor(edge, str(edge.begins))) == edge.begins, "the checkpoint itself is where it goes on"
    assert ensure_held(edge, await ensure_cursor(edge, str(edge.feed.head))) == edge.feed.head
    assert await refusal_of(edge, str(Position(1, edge.begins.sequence, bytes(32)))) == "feed.fork"


async def test_a_tablet_that_comes_back_after_months_is_given_everything_anew_and_not_called_a_fork(edge: Edge) -> None:
    assert await screen_cursor(edge, str(Position(1, 1, bytes(32)))) is None
    assert await screen_cursor(edge, "") is None
    assert await screen_cursor(edge, str(edge.feed.head)) == edge.feed.head
    with pytest.raises(Refused):
        await screen_cursor(edge, str(Position(1, edge.feed.head.sequence, bytes(32))))


async def test_in_a_journal_that_was_never_trimmed_the_beginning_is_held(edge: Edge) -> None:
    edge.begins = START
    assert ensure_held(edge, await ensure_cursor(edge, "")) == START
