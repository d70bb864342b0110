"""What could not be projected is repaired check by check, and afterwards every row is as if it had never been held."""

import json
from typing import Any

import msgspec
import pytest

from hub.app.errors import HubRefused
from hub.app.ports import Scope
from hub.db.connect import Role
from hub.db.project_store import ProjectShard, forget_site
from hub.project.repairing import Correction, Repaired, resolve, retry
from shared.domain.check import CloseCheck, PayCash, SendCheck
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.state import Ticket
from shared.protocol.entry import StoredEntry, decode_entry, encode_entry, entry_hash
from shared.protocol.upcast import UPCASTERS
from tests.integration.hub.comparing import books_in_memory, rows_in_memory, rows_kept
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal


async def shard_of(rig: HubRig, site: SiteJournal) -> ProjectShard:
    placed = (await rig.stores.control.placement(site.address.org_id)).shard
    return ProjectShard(rig.database(rig.shards[placed].app_dsn, Role.PROJECT, placed))


async def held(rig: HubRig, site: SiteJournal) -> list[tuple[int, str]]:
    rows = await rig.look_as(site, "select sequence, code from quarantine where site_id = $1::text::uuid order by sequence")
    return [(row["sequence"], row["code"]) for row in rows]


async def ensure_whole(rig: HubRig, site: SiteJournal) -> None:
    """Nothing is held, and every row and book is what the site itself comes to."""
    assert await held(rig, site) == []
    assert await rig.books(site) == books_in_memory(site)
    assert await rows_kept(rig, site) == rows_in_memory(site.memory.state.values())


def spoil(site: SiteJournal, sequence: int, said: dict[str, Any]) -> dict[str, Any]:
    """Let the entry at `sequence` have been written with another event; the event as it should have been."""
    written: list[StoredEntry] = []
    good: dict[str, Any] = {}
    before = bytes(32)
    for stored in site.entries:
        data = stored.entry
        if stored.sequence == sequence:
            entry = decode_entry(data)
            good = json.loads(bytes(entry.event))
            data = encode_entry(msgspec.structs.replace(entry, event=msgspec.Raw(json.dumps(good | said).encode())))
        before = entry_hash(before, data)
        written.append(StoredEntry(stored.epoch, stored.sequence, before, data))
    site.entries = written
    return good


async def evening(rig: HubRig) -> tuple[SiteJournal, int, str]:
    """(site, sequence of the first line of a check in the middle, that check): others before, beside and after it."""
    site = await rig.add_site()
    site.orders(2)
    check_id = site.open_check()
    site.add(check_id, "soup", 2)
    at = site.head.sequence
    other = site.open_check()
    site.add(other, "tea", 1)
    site.run(SendCheck(check_id=check_id))
    for ticket in [each for each in site.memory.state.values() if isinstance(each, Ticket) and each.check_id == check_id]:
        site.run(BumpTicket(ticket_id=ticket.ticket_id))
    site.run(PayCash(check_id=check_id, tendered_minor=10_000))
    site.run(CloseCheck(check_id=check_id))
    site.finish(other)
    site.orders(2, "2026-03-02")
    return site, at, check_id


async def projected(rig: HubRig, site: SiteJournal) -> None:
    await rig.send_all(site)
    await rig.project()


async def test_a_corrected_entry_brings_its_check_back_to_the_cent_and_leaves_the_others_alone(rig: HubRig) -> None:
    site, at, check_id = await evening(rig)
    good = spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    first, *rest = await held(rig, site)
    assert first == (at, "event.malformed")
    assert len(rest) >= 5
    others = "select check_id::text, xmin::text from guest_checks where site_id = $1::text::uuid and check_id <> $2::text::uuid order by 1"
    before = [tuple(row) for row in await rig.look_as(site, others, check_id)]
    correction = Correction(sequence=at, event=json.dumps(good).encode(), reason="a text", decided_by="anna")
    done = await resolve(await shard_of(rig, site), site.address, correction)
    assert done == Repaired(folded=1 + len(rest))
    await ensure_whole(rig, site)
    assert [tuple(row) for row in await rig.look_as(site, others, check_id)] == before


async def test_a_correction_holds_when_the_site_is_projected_anew(rig: HubRig) -> None:
    site, at, _ = await evening(rig)
    good = spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    correction = Correction(sequence=at, event=json.dumps(good).encode(), reason="a text", decided_by="anna")
    await resolve(await shard_of(rig, site), site.address, correction)
    placed = (await rig.stores.control.placement(site.address.org_id)).shard
    await forget_site(rig.shards[placed].app_dsn, *site.address)
    await rig.project()
    await ensure_whole(rig, site)
    assert dict(await rig.stored(site))[at] == site.entries[at - 1].entry, "the raw entry stays as it was written"


async def test_an_upcaster_that_comes_with_an_update_frees_what_was_held(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    site, at, check_id = await evening(rig)
    spoil(site, at, {"quantity": {"units": 2}})
    await projected(rig, site)
    shard = await shard_of(rig, site)
    waiting = await held(rig, site)
    again = await retry(shard, site.address, ("check", check_id))
    assert (again.folded, next(each.sequence for each in again.held)) == (0, at), "by the same rules it stays"
    assert await held(rig, site) == waiting

    def later(event: dict[str, Any]) -> dict[str, Any]:
        quantity = event["quantity"]
        return event | {"quantity": quantity["units"] if isinstance(quantity, dict) else quantity}

    monkeypatch.setitem(UPCASTERS, "LineAdded", later)
    assert (await retry(shard, site.address)).held == ()
    await ensure_whole(rig, site)
    with pytest.raises(HubRefused, match=r"quarantine\.unknown"):
        await retry(shard, site.address)


async def test_two_spoiled_checks_are_repaired_one_by_one(rig: HubRig) -> None:
    site = await rig.add_site()
    firsts = []
    for _ in range(2):
        check_id = site.open_check()
        site.add(check_id)
        firsts.append((site.head.sequence, check_id))
        site.finish(check_id)
    goods = [spoil(site, at, {"line_id": 7}) for at, _ in firsts]
    await projected(rig, site)
    shard = await shard_of(rig, site)
    for number, (at, _) in enumerate(firsts):
        await resolve(shard, site.address, Correction(sequence=at, event=json.dumps(goods[number]).encode(), reason="x", decided_by="anna"))
        assert {each for each, code in await held(rig, site) if code == "event.malformed"} == {at for at, _ in firsts[number + 1 :]}
    await ensure_whole(rig, site)


async def test_an_entry_that_is_left_out_is_passed_over_for_ever(rig: HubRig) -> None:
    site = await rig.add_site()
    check_id = site.open_check()
    kept = site.memory.state.copy()
    site.append(b'{"type": "LineAdded", "check_id": "%s"}' % check_id.encode())
    bad = site.head.sequence
    await projected(rig, site)
    assert await held(rig, site) == [(bad, "event.malformed")]
    done = await resolve(await shard_of(rig, site), site.address, Correction(sequence=bad, event=None, reason="a test", decided_by="ben"))
    assert done == Repaired(folded=1)
    site.memory.state = kept
    await ensure_whole(rig, site)
    placed = (await rig.stores.control.placement(site.address.org_id)).shard
    await forget_site(rig.shards[placed].app_dsn, *site.address)
    site.add(check_id)
    await projected(rig, site)
    await ensure_whole(rig, site)
    shown = await rig.stores.operations[placed].quarantined_entry(*site.address, bad)
    assert shown is not None
    assert (shown.decided_by, shown.reason, shown.correction, shown.held) == ("ben", "a test", None, ())


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (b"{", "correction.malformed"),
        (b"[]", "correction.malformed"),
        (b'{"type": "Unheard"}', "correction.malformed"),
        (b'{"type": "LineAdded", "quantity": "two"}', "correction.malformed"),
        (b'{"type": "BusinessDayTurned", "business_date": "2026-03-05"}', "correction.other_check"),
        (b'{"type": "CheckMoved", "check_id": "%(other)s", "table_id": "5"}', "correction.other_check"),
        (b'{"type": "LineVoided", "check_id": "%(check)s", "line_id": "%(other)s"}', "correction.unfit"),
    ],
)
async def test_a_correction_that_is_none_changes_nothing(rig: HubRig, event: bytes, code: str) -> None:
    site, at, check_id = await evening(rig)
    spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    before = (await held(rig, site), await rows_kept(rig, site))
    other = next(key[1] for key in site.memory.state if key[0] == "check" and key[1] != check_id)
    body = event.replace(b"%(check)s", check_id.encode()).replace(b"%(other)s", other.encode())
    with pytest.raises(HubRefused) as refused:
        await resolve(await shard_of(rig, site), site.address, Correction(sequence=at, event=body, reason="x", decided_by="anna"))
    assert refused.value.code == code, refused.value.detail
    assert (await held(rig, site), await rows_kept(rig, site)) == before
    assert await rig.look_as(site, "select 1 from corrections where site_id = $1::text::uuid") == []


async def test_an_entry_that_nobody_holds_cannot_be_corrected(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(1)
    await projected(rig, site)
    with pytest.raises(HubRefused, match=r"quarantine\.unknown"):
        await resolve(await shard_of(rig, site), site.address, Correction(sequence=2, event=None, reason="x", decided_by="anna"))


async def test_a_site_that_no_projector_of_this_release_has_seen_is_not_repaired(rig: HubRig) -> None:
    site = await rig.add_site()
    await rig.send_all(site)
    with pytest.raises(HubRefused, match=r"site\.not_projected"):
        await retry(await shard_of(rig, site), site.address)


async def test_an_entry_of_the_site_as_a_whole_is_repaired_by_projecting_anew(rig: HubRig) -> None:
    site = await rig.add_site()
    site.orders(1)
    good = spoil(site, 1, {"cut_over_minutes": "late"})
    await projected(rig, site)
    assert (await held(rig, site))[0] == (1, "event.malformed")
    done = await resolve(
        await shard_of(rig, site), site.address, Correction(sequence=1, event=json.dumps(good).encode(), reason="x", decided_by="a")
    )
    assert done.is_anew
    await rig.project()
    await ensure_whole(rig, site)


async def test_the_operator_sees_how_much_waits_but_not_what(rig: HubRig) -> None:
    site, at, _ = await evening(rig)
    spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    placed = (await rig.stores.control.placement(site.address.org_id)).shard
    shard = rig.stores.operations[placed]
    counts = {each.site_id: each.entries for each in await shard.quarantine_counts(Scope(None), 1_000)}
    assert counts[site.address.site_id] == len(await held(rig, site))
    following = await shard.quarantine_following(*site.address, at, 1_000)
    assert [each.sequence for each in following] == [sequence for sequence, code in await held(rig, site) if code == "quarantine.follows"]


async def test_what_the_database_still_will_not_keep_stays_and_the_rest_is_freed(rig: HubRig) -> None:
    """It folds, but its id is none: entry by entry is found which."""
    site = await rig.add_site()
    site.order()
    lost = "not a uuid"
    site.append(b'{"type":"CheckOpened","check_id":"%s","number":1,"business_date":"2026-03-01","currency":"USD"}' % lost.encode())
    bad = site.head.sequence
    site.append(b'{"type":"CheckMoved","check_id":"%s","table_id":"5"}' % lost.encode())
    site.order()
    await projected(rig, site)
    before = await held(rig, site)
    assert [code for _, code in before] == ["projection.unkeepable", "quarantine.follows"]
    again = await retry(await shard_of(rig, site), site.address)
    assert (again.folded, [(each.sequence, each.code) for each in again.held]) == (0, before)
    assert await held(rig, site) == before
    for sequence in (bad, bad + 1):
        await resolve(await shard_of(rig, site), site.address, Correction(sequence=sequence, event=None, reason="x", decided_by="a"))
    await ensure_whole(rig, site)
