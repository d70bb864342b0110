"""A new box was restored from a stick while the hub was away, and the hub held more: it is heard all the same, and nothing is lost (Law 6).

The boxes are the shipped executor on real journal files, the hub is the shipped ingest and projection on Postgres; the test carries.
"""

import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from hub.app.deciding import adopt
from hub.db.apply_store import PostgresShard
from hub.db.connect import Role
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Answer, AnswerStatus, Hello, SiteCommand, seal_hello
from shared.protocol.subjects import hello
from tests.integration.hub.test_orphans import Swap
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.unit.edge.site_kit import SiteKit, service

TODAY = "2026-03-02"


class LateSwap(Swap):
    """A swap in which the hub has everything of the old box, and the new one only what the stick had: it ends at `begins`."""

    begins: Position = START

    async def hear(self) -> Answer:
        """The present box says hello, as its link does."""
        keys, head = self.journals[1], self.new.site.head
        frame = Hello(
            org=keys.address.org_id, site=keys.address.site_id, epoch=2, attempt=1, head=head, epoch_begins=(self.begins,)
        )  # fmt: skip
        [reply] = await self.rig.greeter.greet([(hello(*keys.address), seal_hello(frame, keys.key.public, keys.key.sign))])
        return reply.answer

    async def greet(self, refused: dict[str, str] | None = None) -> tuple[SiteCommand, ...]:
        return (await self.hear()).commands

    async def rows(self, query: str) -> list[Any]:
        return await self.rig.look_as(self.journals[0], query)


@pytest_asyncio.fixture
async def swap(rig: HubRig, tmp_path: Path) -> AsyncIterator[LateSwap]:
    """The stick was pulled after the first sale; the second went to the hub, which has counted it. Then the hub was away, and the new box
    has sold once by itself."""
    first = await rig.add_site(currency="EUR")
    second = SiteJournal(*first.address, epoch=2)
    fields = {"org_id": first.address.org_id, "site_id": first.address.site_id}
    (tmp_path / "old").mkdir()
    old = SiteKit(tmp_path / "old", **fields)
    old.load_menu()
    for command in service("before"):
        old.one(command)
    begins = old.site.head
    old.close()
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    old = SiteKit(tmp_path / "old", **fields)
    for command in service("beyond", ("soup", "wine")):
        old.one(command)
    made = LateSwap(rig, (first, second), (old, old))
    assert await made.upload(0) is AnswerStatus.OK
    await rig.project()
    assert await rig.claim(second) == 2
    rig.applier = rig.make_applier()  # one that has not cached who was the present box: there is no broker here to tell it
    made.new = new = SiteKit(tmp_path / "new", epoch=2, **fields)
    for command in service("after", ("soup",)):
        new.one(command)
    made.begins = Position(begins.epoch, begins.sequence, begins.hash)
    await made.find()
    yield made
    old.close()
    new.close()


async def test_everything_of_the_new_box_arrives_and_what_the_hub_had_beyond_is_adopted_once(swap: LateSwap) -> None:
    assert (await swap.rig.sales(swap.journals[0]))[TODAY].orders == 2
    answer = await swap.hear()
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.OK, "journal.superseded", swap.begins)
    assert await swap.upload(1, swap.begins.sequence) is AnswerStatus.OK
    expected = [(entry.sequence, entry.entry) for entry in swap.new.store.entries(0, 10_000)]
    assert await swap.rig.stored(swap.journals[0]) == expected
    await swap.ensure_same_books()
    branch = await swap.branch()
    assert (branch.epoch, branch.parted, branch.kept, branch.undecided) == (1, swap.begins.sequence, swap.old.site.head.sequence, 6)
    assert (await swap.rig.sales(swap.journals[0]))[TODAY].orders == 2, "the one before, and the one of the new box"

    done = await adopt(swap.shard, swap.site, 1, None, "anna")
    assert len(done.adopted) == 6
    assert all(isinstance(each, tuple) for each in swap.obey(await swap.greet()))
    await swap.upload(1, swap.begins.sequence)
    assert await swap.states() == ["adopted"] * 6
    await swap.ensure_same_books()
    assert (await swap.rig.sales(swap.journals[0]))[TODAY].orders == 3


async def test_a_box_that_began_with_nothing_is_heard_and_all_that_the_hub_had_is_an_orphan(swap: LateSwap, tmp_path: Path) -> None:
    """The hub was restored from a backup of before the site, and the old box was the first to be back."""
    (tmp_path / "nothing").mkdir()
    address = swap.journals[0].address
    fresh = SiteKit(tmp_path / "nothing", epoch=2, org_id=address.org_id, site_id=address.site_id)
    fresh.load_menu()
    for command in service("alone", ("soup",)):
        fresh.one(command)
    other, swap.new, swap.begins = swap.new, fresh, START
    answer = await swap.hear()
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.OK, "journal.superseded", START)
    assert await swap.upload(1) is AnswerStatus.OK
    assert await swap.rig.stored(swap.journals[0]) == [(entry.sequence, entry.entry) for entry in fresh.store.entries(0, 10_000)]
    await swap.ensure_same_books()
    branch = await swap.branch()
    assert (branch.epoch, branch.parted, branch.kept) == (1, 0, swap.old.site.head.sequence)
    assert (await swap.rig.sales(swap.journals[0]))[TODAY].orders == 1
    fresh.close()
    swap.new = other


async def test_what_a_tablet_has_played_at_the_new_box_is_in_effect(swap: LateSwap) -> None:
    for command in service("beyond", ("soup", "wine")):
        swap.new.one(command)
    await swap.hear()
    await swap.upload(1, swap.begins.sequence)
    assert await swap.states() == ["in_effect"] * 6
    await swap.ensure_same_books()
    assert (await swap.rig.sales(swap.journals[0]))[TODAY].orders == 3


async def test_the_old_box_brings_the_rest_of_its_branch(swap: LateSwap) -> None:
    head = swap.old.site.head.sequence
    for command in service("last", ("wine",)):
        swap.old.one(command)
    await swap.hear()
    assert await swap.upload(0, head) is AnswerStatus.FENCED
    branch = await swap.branch()
    assert (branch.parted, branch.kept, branch.undecided) == (swap.begins.sequence, swap.old.site.head.sequence, 6 + 5)


async def test_backups_and_corrections_of_what_is_put_aside_do_not_stand_for_what_comes_there(swap: LateSwap) -> None:
    at = swap.begins.sequence + 1
    site = "$1::text::uuid"
    await swap.rows(f"update watermarks set backed_up = {at} where site_id = {site}")
    await swap.rows("insert into backups (backup_id) select 'tonight' || $1::text")
    await swap.rows(
        f"insert into backup_positions (org_id, site_id, backup_id, sequence) "
        f"select org_id, site_id, 'tonight' || $1::text, {at} from watermarks where site_id = {site}"
    )
    await swap.rows(
        f"insert into corrections (org_id, site_id, sequence, reason, decided_by) "
        f"select org_id, site_id, {at}, 'a typing error', 'anna' from watermarks where site_id = {site}"
    )
    assert (await swap.hear()).backed_up == swap.begins.sequence
    [row] = await swap.rows(f"select sequence from backup_positions where site_id = {site}")
    assert row["sequence"] == swap.begins.sequence
    assert await swap.rows(f"select from corrections where site_id = {site}") == []
    await swap.rows("delete from backups where backup_id = 'tonight' || $1::text")
    first, *others = (await swap.branch()).commands
    assert (first.state, first.reason) == ("held", "corrected in the read models by anna: a typing error")
    assert {each.reason for each in others} == {""}
    await swap.upload(1, swap.begins.sequence)
    await swap.ensure_same_books()


async def test_a_lane_owner_cannot_take_anything_out_of_a_journal_otherwise(swap: LateSwap) -> None:
    """The function is the only way, and acts for the organisation of the transaction alone."""
    other = await swap.rig.add_site(currency="EUR")
    entries: list[StoredEntry] = swap.old.store.entries(0, 10_000)
    shard = PostgresShard(swap.rig.database(swap.rig.shards[swap.site.shard].app_dsn, Role.INGEST), time.monotonic)
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([other.address])
        stranger = type(other.address)(other.address.org_id, swap.site.site_id)
        assert not await transaction.supersede(stranger, swap.begins)
    assert await swap.rig.stored(swap.journals[0]) == [(entry.sequence, entry.entry) for entry in entries]
