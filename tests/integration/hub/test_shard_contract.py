"""One contract for shards in memory and on Postgres, so that what stands on the fake stands on the real one."""

import asyncio
import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from hub.db.apply_store import PostgresShard
from hub.db.connect import Role
from hub.ingest.ports import Append, Branch, Contact, Contradiction, ContradictionKind, Hole, Shard, Standing
from shared.limits import DOCUMENTS_PENDING_MAX, KEEPSAKES_KEPT_MAX, SITE_COMMANDS_PER_ANSWER
from shared.protocol.entry import START, Position
from shared.protocol.envelope import DocumentPart, Hello, SiteCommand
from tests.support.boxes import new_id
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.support.memory_hub import MemoryShard, OpenCommand


class Asked:
    """A shard, and how somebody beside ingest asks something of a site, and looks what became of it."""

    def __init__(self, rig: HubRig, site: SiteJournal, shard: MemoryShard | PostgresShard) -> None:
        self.rig, self.site, self.shard = rig, site, shard

    async def command(self, id: str, expires_in_s: int = 3600) -> None:
        if isinstance(self.shard, MemoryShard):
            command = SiteCommand(id=id, command=b"{}", expires_at_ms=expires_in_s * 1000)
            self.shard.commands[self.site.address, id] = OpenCommand(command)
            return
        await self.rig.look_as(
            self.site,
            "insert into site_commands (org_id, site_id, command_id, command, expires_at) "
            "values ($2::text::uuid, $1::text::uuid, $3, '{}', now() + make_interval(secs => $4))",
            self.site.address.org_id,
            id,
            expires_in_s,
        )  # fmt: skip

    async def outcome(self, id: str) -> tuple[str, str]:
        if isinstance(self.shard, MemoryShard):
            found = self.shard.commands[self.site.address, id]
            return found.state, found.result
        (row,) = await self.rig.look_as(
            self.site, "select state, result from site_commands where site_id = $1::text::uuid and command_id = $2", id
        )  # fmt: skip
        return row["state"], row["result"]


@pytest.fixture(params=["memory", "postgres"])
def make_shard(request: pytest.FixtureRequest, rig: HubRig) -> Callable[[SiteJournal], MemoryShard | PostgresShard]:
    """Makes a shard on which the site's organisation is placed under epoch 1."""

    def make(site: SiteJournal) -> MemoryShard | PostgresShard:
        if request.param == "postgres":
            return PostgresShard(rig.database(rig.shards["s1"].app_dsn, Role.INGEST, "s1"), time.monotonic)
        shard = MemoryShard("s1")
        shard.placements[site.address.org_id] = 1
        return shard

    return make


MakeShard = Callable[[SiteJournal], MemoryShard | PostgresShard]


async def append(shard: Shard, site: SiteJournal, first: int, last: int) -> None:
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        await transaction.append({site.address: site.entries[first - 1 : last]}, {site.address: site.entries[last - 1].position})


async def test_placements_are_found_under_their_epoch_only(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert await transaction.lock_placements({site.address.org_id: 1}) == {site.address.org_id}
        assert await transaction.lock_placements({site.address.org_id: 2}) == set()


async def test_rows_and_watermarks_are_kept_together(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(1)
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: START}
        await transaction.append({site.address: site.entries}, {site.address: site.head})
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: site.head}
        assert await transaction.stored_hash(site.address, 3) == site.entries[2].hash
        assert await transaction.stored_hash(site.address, len(site.entries) + 1) is None


async def test_a_transaction_that_fails_keeps_nothing(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)

    async def fail() -> None:
        async with shard.transaction() as transaction:
            await transaction.lock_watermarks([site.address])
            await transaction.append({site.address: site.entries}, {site.address: site.head})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: START}


def added(site: SiteJournal, first: int, last: int, box_epoch: int = 1) -> Append:
    """Entries `first` to `last`, to a site that is believed to stand before the first of them."""
    before = site.entries[first - 2].position if first > 1 else START
    return Append(address=site.address, before=before, box_epoch=box_epoch, rows=site.entries[first - 1 : last])


async def watermarks(shard: Shard, *sites: SiteJournal) -> list[Position]:
    async with shard.transaction() as transaction:
        found = await transaction.lock_watermarks([site.address for site in sites])
    return [found[site.address] for site in sites]


async def test_rows_are_appended_at_once_to_several_sites_where_all_stand_as_believed(rig: HubRig, make_shard: MakeShard) -> None:
    one = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(one)
    other = (await rig.add_site(shard="s1", org_id=one.address.org_id)).orders(1)
    await append(shard, one, 1, 2)
    await append(shard, other, 1, 1)
    assert await shard.append_if(one.address.org_id, 1, [added(one, 3, 5), added(other, 2, 7)])
    assert await watermarks(shard, one, other) == [one.entries[4].position, other.entries[6].position]
    async with shard.transaction() as transaction:
        assert [await transaction.stored_hash(one.address, each) for each in range(1, 7)] == [
            *(entry.hash for entry in one.entries[:5]), None,
        ]  # fmt: skip
        assert await transaction.stored_hash(other.address, 7) == other.entries[6].hash


async def test_nothing_is_appended_at_once_where_anything_is_not_as_believed(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(site)
    org_id = site.address.org_id
    other = (await rig.add_site(shard="s1", org_id=org_id)).orders(1)
    assert not await shard.append_if(org_id, 1, [added(site, 1, 5)]), "a site that is not known here yet"
    await append(shard, site, 1, 5)
    await append(shard, other, 1, 2)
    right, fine = added(site, 6, 7), added(other, 3, 4)
    stands = site.entries[4].position
    for wrong, why in (
        (added(site, 5, 6), "the watermark is further"),
        (added(site, 7, 8), "the watermark is not as far"),
        (replace(right, before=replace(stands, hash=bytes(32))), "the entry before is another"),
        (replace(right, before=replace(stands, epoch=2)), "it is of another epoch"),
    ):
        assert not await shard.append_if(org_id, 1, [fine, wrong]), why
    assert not await shard.append_if(org_id, 2, [fine, right]), "the organisation lives here under another epoch"
    assert not await shard.append_if(new_id(), 1, [fine, right]), "another organisation"
    assert await watermarks(shard, site, other) == [stands, other.entries[1].position]
    assert await shard.append_if(org_id, 1, [fine, right])


async def test_of_many_who_append_the_same_at_once_one_does(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(site)
    await append(shard, site, 1, 5)
    org_id, address = site.address.org_id, site.address

    async def long_way() -> bool:
        async with shard.transaction() as transaction:
            marks = await transaction.lock_watermarks([address])
            if marks[address] != site.entries[4].position:
                return False
            await transaction.append({address: site.entries[5:7]}, {address: site.entries[6].position})
        return True

    done = await asyncio.gather(*(shard.append_if(org_id, 1, [added(site, 6, 7)]) for _ in range(6)), long_way(), long_way())
    assert sorted(done) == [False] * 7 + [True]
    assert await watermarks(shard, site) == [site.entries[6].position]


async def test_a_site_with_a_later_claim_or_a_command_that_waits_is_not_appended_to_at_once(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(site)
    await append(shard, site, 1, 5)
    async with shard.transaction() as transaction:
        await transaction.note_claims({site.address: 2})
    assert not await shard.append_if(site.address.org_id, 1, [added(site, 6, 7)]), "its box was replaced"
    assert await shard.append_if(site.address.org_id, 1, [added(site, 6, 7, box_epoch=2)]), "this is the box that replaced it"
    asked = Asked(rig, site, shard)
    await asked.command("55555555-5555-4555-8555-555555555555")
    assert not await shard.append_if(site.address.org_id, 1, [added(site, 8, 9, box_epoch=2)]), "somebody must look whether it is done"
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        await transaction.commands_done(site.address, ["55555555-5555-4555-8555-555555555555"])
    assert await shard.append_if(site.address.org_id, 1, [added(site, 8, 9, box_epoch=2)])


async def test_contacts_tell_watermarks_and_contradictions_are_kept_once(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    hello = Hello(org=site.address.org_id, site=site.address.site_id, epoch=1, attempt=1, head=site.head)
    contradiction = Contradiction(
        address=site.address, kind=ContradictionKind.FORK, epoch=1, first=1, last=1, after=bytes(32), frame=b"frame"
    )  # fmt: skip
    for _ in range(2):
        async with shard.transaction() as transaction:
            contacts = [Contact(address=site.address, box_epoch=1, hello=hello)]
            assert await transaction.record_contacts(contacts) == {site.address: Standing(watermark=START)}
            await transaction.keep([contradiction])


async def test_an_incarnation_stays(rig: HubRig, make_shard: MakeShard) -> None:
    shard = make_shard(await rig.add_site(shard="s1"))
    assert await shard.incarnation() == await shard.incarnation() != ""


# --- replaced boxes ------------------------------------------------------------------------------


async def test_a_branch_parts_after_the_last_entry_of_an_epoch_that_is_not_higher(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(1)
    ends = {1: site.head}
    for site.epoch in (2, 5):
        site.orders(2)
        ends[site.epoch] = site.head
    shard = make_shard(site)
    await append(shard, site, 1, len(site.entries))
    expected = {1: ends[1], 2: ends[2], 3: ends[2], 4: ends[2], 5: ends[5], 9: ends[5]}
    async with shard.transaction() as transaction:
        found = {epoch: await transaction.branch(site.address, epoch, site.head) for epoch in expected}
    assert found == {epoch: Branch(parted=position, kept=position) for epoch, position in expected.items()}


async def test_a_branch_of_a_box_before_the_first_entry_parts_at_the_start(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    later = SiteJournal(*site.address, epoch=7).begin().orders(1)
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert await transaction.branch(site.address, 1, START) == Branch(parted=START, kept=START)
    await append(shard, later, 1, len(later.entries))
    async with shard.transaction() as transaction:
        assert await transaction.branch(site.address, 6, later.head) == Branch(parted=START, kept=START)


async def test_a_branch_may_part_in_or_behind_a_hole(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(site)
    await append(shard, site, 1, 5)
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        await transaction.declare_hole(Hole(address=site.address, before=site.entries[4].position, last=site.entries[10].position))
    lost = site.entries[10].position
    new = SiteJournal(*site.address, epoch=2)
    new.entries = list(site.entries[:11])
    new.orders(1)
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: lost}
        assert await transaction.stored_hash(site.address, 7) is None
    await append(shard, new, 12, len(new.entries))
    async with shard.transaction() as transaction:
        assert (await transaction.branch(site.address, 1, new.head)).parted == lost


async def test_orphans_are_kept_with_their_branch(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard, parted = make_shard(site), site.entries[4].position
    for first, last in ((6, 9), (10, 17)):
        kept = Branch(parted=parted, kept=site.entries[last - 1].position)
        async with shard.transaction() as transaction:
            await transaction.keep_orphans(site.address, 1, kept, site.entries[first - 1 : last])
        async with shard.transaction() as transaction:
            assert await transaction.branch(site.address, 1, START) == kept
    async with shard.transaction() as transaction:
        assert await transaction.orphan_hash(site.address, 1, 8) == site.entries[7].hash
        assert await transaction.orphan_hash(site.address, 1, 5) is None
        assert await transaction.orphan_hash(site.address, 2, 8) is None
        assert await transaction.stored_hash(site.address, 8) is None


async def test_what_a_replaced_box_says_does_not_stand_for_the_site(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    hello = Hello(org=site.address.org_id, site=site.address.site_id, epoch=1, attempt=1, head=site.head)
    for epoch in (2, 1):
        async with shard.transaction() as transaction:
            await transaction.record_contacts([Contact(address=site.address, box_epoch=epoch, hello=hello)])
    if isinstance(shard, MemoryShard):
        assert shard.contacts[site.address].box_epoch == 2
    else:
        (row,) = await rig.look_as(site, "select box_epoch from contacts where site_id = $1::text::uuid")
        assert row["box_epoch"] == 2


# --- what a replacement began below ----------------------------------------------------------------


@pytest.mark.parametrize("at", [12, 0])
async def test_what_lies_beyond_is_moved_to_the_branch_of_those_who_wrote_it(rig: HubRig, make_shard: MakeShard, at: int) -> None:
    site = (await rig.add_site(shard="s1")).orders(2)
    shard = make_shard(site)
    await append(shard, site, 1, 17)
    begins, head = site.entries[at - 1].position if at else START, site.entries[16].position
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        assert await transaction.supersede(site.address, begins)
    site.orders(1)
    grown = Branch(parted=begins, kept=site.head)
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: begins}
        assert await transaction.stored_hash(site.address, at) == (begins.hash if at else None)
        assert await transaction.stored_hash(site.address, at + 1) is None
        assert await transaction.orphan_hash(site.address, 1, at + 1) == site.entries[at].hash
        assert await transaction.orphan_hash(site.address, 1, 17) == head.hash
        assert await transaction.branch(site.address, 1, begins) == Branch(parted=begins, kept=head)
        await transaction.keep_orphans(site.address, 1, grown, site.entries[17:])
    async with shard.transaction() as transaction:
        assert await transaction.branch(site.address, 1, begins) == grown


async def test_a_branch_that_parted_at_the_head_goes_on_behind_what_is_put_aside(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(3)
    shard = make_shard(site)
    await append(shard, site, 1, 17)
    begins, head = site.entries[11].position, site.entries[16].position
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        await transaction.keep_orphans(site.address, 1, Branch(parted=head, kept=site.head), site.entries[17:])
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        assert await transaction.supersede(site.address, begins)
        assert await transaction.branch(site.address, 1, begins) == Branch(parted=begins, kept=site.head)
        assert await transaction.orphan_hash(site.address, 1, 17) == head.hash


async def test_what_cannot_be_put_aside_as_a_whole_stays(
    rig: HubRig, make_shard: MakeShard, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    site = (await rig.add_site(shard="s1")).orders(3)
    shard = make_shard(site)
    await append(shard, site, 1, 14)
    fourth, hole = site.entries[3].position, site.entries[16].position
    otherwise = Position(1, 4, bytes(32)), Position(2, 4, fourth.hash), site.entries[13].position, site.entries[14].position
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        for begins in otherwise:
            assert not await transaction.supersede(site.address, begins)
        for limits in ("tests.support.memory_hub", "hub.db.apply_beside"):
            monkeypatch.setattr(f"{limits}.SUPERSEDED_ENTRIES_MAX", 9)
        assert not await transaction.supersede(site.address, fourth)
        monkeypatch.undo()
        await transaction.declare_hole(Hole(address=site.address, before=site.entries[13].position, last=hole))
        assert not await transaction.supersede(site.address, fourth)
        assert await transaction.lock_watermarks([site.address]) == {site.address: hole}
        assert await transaction.stored_hash(site.address, 14) == site.entries[13].hash


# --- documents -----------------------------------------------------------------------------------


def part(site: SiteJournal, version: str, index: int, count: int) -> DocumentPart:
    return DocumentPart(
        org=site.address.org_id, site=site.address.site_id, epoch=1, attempt=0, kind="menu", version=version, index=index, count=count,
        data=b"%d" % index,
    )  # fmt: skip


async def test_parts_are_handed_back_in_order_once_none_is_missing(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    for index in (2, 0, 2):
        async with shard.transaction() as transaction:
            assert list(await transaction.keep_part(site.address, part(site, "v", index, 3))) == []
    async with shard.transaction() as transaction:
        assert list(await transaction.keep_part(site.address, part(site, "v", 1, 3))) == [b"0", b"1", b"2"]
        await transaction.keep_document(site.address, "menu", "v", b"012")
        assert await transaction.keepsakes([site.address]) == {site.address: {"v"}}
        assert list(await transaction.keep_part(site.address, part(site, "v", 1, 3))) == []  # begun anew
        await transaction.forget_parts(site.address, "v")


async def test_parts_that_count_differently_never_come_to_a_whole(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert list(await transaction.keep_part(site.address, part(site, "v", 0, 3))) == []
        assert list(await transaction.keep_part(site.address, part(site, "v", 1, 2))) == []


async def test_documents_and_their_parts_are_bounded(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    for number in range(DOCUMENTS_PENDING_MAX + 1):
        async with shard.transaction() as transaction:
            await transaction.keep_part(site.address, part(site, f"v{number}", 0, 2))
    async with shard.transaction() as transaction:
        assert list(await transaction.keep_part(site.address, part(site, "v0", 1, 2))) == []  # the first half was pushed out
        assert list(await transaction.keep_part(site.address, part(site, "v5", 1, 2))) == [b"0", b"1"]
    for number in range(KEEPSAKES_KEPT_MAX + 2):
        async with shard.transaction() as transaction:
            await transaction.keep_document(site.address, "menu", f"w{number}", b"")
    async with shard.transaction() as transaction:
        held = (await transaction.keepsakes([site.address]))[site.address]
    assert held == {f"w{number}" for number in range(2, KEEPSAKES_KEPT_MAX + 2)}


# --- commands for sites --------------------------------------------------------------------------


async def test_commands_wait_until_they_are_done_or_refused(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    asked = Asked(rig, site, shard)
    hello = Hello(org=site.address.org_id, site=site.address.site_id, epoch=1, attempt=1, head=START)
    contacts = [Contact(address=site.address, box_epoch=1, hello=hello)]
    async with shard.transaction() as transaction:
        await transaction.lock_watermarks([site.address])
        assert await transaction.waiting_ids([site.address]) == {}
    await asked.command("expired", -1)
    for id in ("a", "b", "c"):
        await asked.command(id)
    async with shard.transaction() as transaction:
        assert (await transaction.record_contacts(contacts))[site.address].has_commands
        assert [command.id for command in (await transaction.open_commands([site.address]))[site.address]] == ["a", "b", "c"]
        await transaction.lock_watermarks([site.address])
        assert await transaction.waiting_ids([site.address]) == {site.address: {"expired", "a", "b", "c"}}
        await transaction.commands_done(site.address, ["a", "expired", "unknown"])
        await transaction.commands_refused(site.address, {"a": "too.late", "b": "orphan.unfit", "unknown": "x"})
    assert [await asked.outcome(id) for id in ("expired", "a", "b", "c")] == [
        ("done", ""),
        ("done", ""),
        ("refused", "orphan.unfit"),
        ("open", ""),
    ]
    async with shard.transaction() as transaction:
        await transaction.commands_done(site.address, ["c"])
    async with shard.transaction() as transaction:
        assert not (await transaction.record_contacts(contacts))[site.address].has_commands
        assert await transaction.open_commands([site.address]) == {}


async def test_commands_are_handed_out_a_few_at_a_time(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    asked = Asked(rig, site, shard)
    for number in range(SITE_COMMANDS_PER_ANSWER + 2):
        await asked.command(f"c{number:02}")
    async with shard.transaction() as transaction:
        (commands,) = (await transaction.open_commands([site.address])).values()
    assert [command.id for command in commands] == [f"c{number:02}" for number in range(SITE_COMMANDS_PER_ANSWER)]
