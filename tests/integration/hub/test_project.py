"""Read models: equal to a fold in memory, whatever fails on the way, and one bad entry stops nobody (Law 11)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from hub.app.ports import Scope
from hub.db.connect import Database
from hub.db.project_store import ProjectShard, SiteTransaction, forget_site
from hub.project import projector as projector_module
from shared.domain.check import CloseCheck, PayCash, SendCheck
from tests.integration.hub.comparing import aggregates, ensure_equal, sales_in_memory
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.support.waiting import eventually_async


async def quarantine(rig: HubRig, site: SiteJournal) -> list[tuple[int, str, str, str]]:
    rows = await rig.look_as(site, "select sequence, kind, id, code from quarantine where site_id = $1::text::uuid order by sequence")
    return [tuple(row) for row in rows]


def busy(site: SiteJournal) -> SiteJournal:
    """A journal of two days with closed, open and unpaid checks."""
    site.orders(5, "2026-03-01").orders(3, "2026-03-02")
    check_id = site.open_check("2026-03-02")
    site.add(check_id, "soup", 2, "2026-03-02")
    site.run(SendCheck(check_id=check_id), "2026-03-02")
    site.run(PayCash(check_id=check_id, tendered_minor=500, amount_minor=500), "2026-03-02")
    return site


async def test_the_projection_equals_a_fold_in_memory(rig: HubRig) -> None:
    site = busy(await rig.add_site())
    await rig.send_all(site)
    await rig.project()
    await ensure_equal(rig, site)
    assert (await rig.sales(site))["2026-03-01"].orders == 5


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_batches_of_any_size_come_to_the_same(rig: HubRig, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(projector_module, "PROJECT_BATCH_ENTRIES", size)
    site = busy(await rig.add_site())
    await rig.send_all(site, step=20)
    await rig.project()
    await ensure_equal(rig, site)


async def test_an_open_check_is_carried_on_when_more_arrives(rig: HubRig) -> None:
    site = await rig.add_site()
    check_id = site.open_check()
    site.add(check_id)
    await rig.send_all(site)
    await rig.project()
    assert await rig.sales(site) == {}
    done = len(site.entries)
    site.finish(check_id)
    await rig.send(site.message(done + 1, len(site.entries)))
    await rig.project()
    await ensure_equal(rig, site)


async def test_projectors_at_once_count_nothing_twice(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector_module, "PROJECT_BATCH_ENTRIES", 10)
    sites = [busy(await rig.add_site(shard="s1")) for _ in range(3)]
    for site in sites:
        await rig.send_all(site)
    others = [rig.make_projector("s1") for _ in range(3)]
    await asyncio.gather(*(each.round() for each in others for _ in range(4)))
    await rig.project()
    for site in sites:
        await ensure_equal(rig, site)
        sequence = await rig.look_as(site, "select sequence from cursors where site_id = $1::text::uuid")
        assert sequence[0]["sequence"] == len(site.entries)


@pytest.mark.parametrize("dies_in", ["put", "advance"])
async def test_a_projector_that_dies_in_the_middle_has_done_nothing(rig: HubRig, monkeypatch: pytest.MonkeyPatch, dies_in: str) -> None:
    site = busy(await rig.add_site(shard="s1"))
    await rig.send_all(site)
    real = getattr(SiteTransaction, dies_in)

    async def die(self: SiteTransaction, *arguments: Any) -> None:
        await real(self, *arguments)
        raise asyncio.CancelledError  # as when the process is stopped between a statement and the commit

    with monkeypatch.context() as dying:
        dying.setattr(SiteTransaction, dies_in, die)
        with pytest.raises(asyncio.CancelledError):
            await rig.projectors["s1"].project(site.address)
    assert await aggregates(rig, site) == {}
    await rig.project()
    await ensure_equal(rig, site)


# --- quarantine ----------------------------------------------------------------------------------

BAD_EVENTS = {
    "event.malformed": b'{"type":"LineAdded","check_id":"%s"}',
    "event.nul": b'{"type":"CheckOpened","check_id":"%s","number":1,"business_date":"2026-03-01","currency":"USD","table_id":"a\\u0000b"}',
    "event.unfit": b'{"type":"CheckClosed","check_id":"%s","gross_minor":1,"net_minor":1,"tax_minor":0,"total_minor":1}',
}


@pytest.mark.parametrize("code", BAD_EVENTS)
async def test_a_check_with_a_bad_entry_is_held_back_with_all_that_follows_and_nothing_else(rig: HubRig, code: str) -> None:
    site = await rig.add_site()
    good = site.open_check()
    bad = site.open_check()
    site.add(good)
    site.append(BAD_EVENTS[code].replace(b"%s", bad.encode()))
    at = len(site.entries)
    await rig.send_all(site)
    await rig.project()  # what follows comes with a later batch, and is held back all the same
    site.add(bad)
    site.finish(good)
    site.order()
    await rig.send(site.message(at + 1, len(site.entries)))
    await rig.project()
    assert await quarantine(rig, site) == [(at, "check", bad, code), (at + 1, "check", bad, "quarantine.follows")]
    assert rig.projected.held[code] == 1
    assert (await rig.sales(site))["2026-03-01"] == sales_in_memory(site)["2026-03-01"]
    assert (await rig.stored(site))[at - 1] == (at, site.entries[at - 1].entry)


@pytest.mark.parametrize("data", [b"", b"{", b"\x00\xff", b"[1]", b'{"event":{"type":"X"}}', b"[" * 100_000])
async def test_an_entry_that_cannot_be_read_is_held_back_alone(rig: HubRig, data: bytes) -> None:
    site = await rig.add_site()
    site.append_bytes(data)
    at = len(site.entries)
    site.order()
    await rig.send_all(site)
    await rig.project()
    assert await quarantine(rig, site) == [(at, "entry", str(at), "entry.malformed")]
    assert (await rig.sales(site))["2026-03-01"].orders == 1


async def test_an_entry_that_names_another_site_is_held_back(rig: HubRig) -> None:
    site, other = await rig.add_site(), await rig.add_site()
    check_id = site.open_check()
    foreign = SiteJournal(*other.address, key=site.key)
    foreign.append(msgspec.json.encode(CloseCheck(check_id=check_id)))
    site.append_bytes(foreign.entries[0].entry)
    await rig.send_all(site)
    await rig.project()
    assert [row[3] for row in await quarantine(rig, site)] == ["entry.misplaced"]


async def test_an_unknown_event_is_passed_over_and_counted(rig: HubRig) -> None:
    site = await rig.add_site()
    check_id = site.open_check()
    site.append(b'{"type":"GuestSang","check_id":"%s"}' % check_id.encode())
    site.add(check_id)
    site.finish(check_id)
    await rig.send_all(site)
    await rig.project()
    assert await quarantine(rig, site) == []
    assert rig.projected.unknown_events == 1
    rows = await rig.look_as(site, "select unknown_events from cursors where site_id = $1::text::uuid")
    assert rows[0]["unknown_events"] == 1
    assert await rig.sales(site) == sales_in_memory(site)


async def test_what_the_database_will_not_keep_is_found_and_held_back(rig: HubRig) -> None:
    """An id that is no UUID folds well; only the table refuses it."""
    site = await rig.add_site()
    site.append(b'{"type":"CheckOpened","check_id":"not a uuid","number":1,"business_date":"2026-03-01","currency":"USD"}')
    at = len(site.entries)
    site.order()
    await rig.send_all(site)
    await rig.project()
    assert [(row[0], row[1]) for row in await quarantine(rig, site)] == [(at, "check")]
    assert (await rig.sales(site))["2026-03-01"].orders == 1


async def test_a_bad_site_holds_up_no_other(rig: HubRig) -> None:
    bad, good = await rig.add_site(shard="s1"), busy(await rig.add_site(shard="s1"))
    for _ in range(20):
        bad.append_bytes(b"nonsense")
    await rig.send(bad.message(1, len(bad.entries)), good.message(1, len(good.entries)))
    await rig.project()
    await ensure_equal(rig, good)
    assert len(await quarantine(rig, bad)) == 20


async def test_read_models_are_made_anew_from_the_journal(rig: HubRig) -> None:
    site = busy(await rig.add_site(shard="s1"))
    site.append_bytes(b"nonsense")
    await rig.send_all(site)
    await rig.project()
    before = await rig.sales(site), await quarantine(rig, site)
    await forget_site(rig.shards["s1"].app_dsn, *site.address)
    assert await rig.sales(site) == {}
    await rig.project()
    await ensure_equal(rig, site)
    assert (await rig.sales(site), await quarantine(rig, site)) == before


async def test_a_site_that_another_projector_holds_is_passed_over(rig: HubRig) -> None:
    site = busy(await rig.add_site(shard="s1"))
    await rig.send_all(site)
    shard: ProjectShard = rig.projectors["s1"]._shard
    await rig.projectors["s1"].project(await no_site(rig))  # a site without entries is nothing to do
    async with shard.site(site.address) as held:
        assert held is not None
        assert await rig.make_projector("s1").project(site.address) == 0
    assert await rig.projectors["s1"].project(site.address) == len(site.entries)


async def no_site(rig: HubRig) -> Any:
    site = await rig.add_site(shard="s1")
    assert await rig.stores.control.site(Scope(None), site.address.site_id) is not None
    return site.address


async def is_projected(rig: HubRig, site: SiteJournal) -> bool:
    return await rig.sales(site) == sales_in_memory(site)


async def test_a_notice_wakes_the_projector(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector_module, "PROJECT_POLL_S", 3600.0)  # so that only a notice can
    site = busy(await rig.add_site(shard="s1"))
    stop, is_listening = asyncio.Event(), asyncio.Event()
    projector = rig.projectors["s1"]
    real = Database.listening

    @asynccontextmanager
    async def listening(self: Database, channel: str, heard: asyncio.Event) -> AsyncIterator[Any]:
        async with real(self, channel, heard) as connection:
            is_listening.set()
            yield connection

    monkeypatch.setattr(Database, "listening", listening)
    running = asyncio.create_task(projector.run(stop))
    async with asyncio.timeout(20):
        await is_listening.wait()
        await rig.send_all(site)
        await eventually_async(lambda: is_projected(rig, site))
        stop.set()
        projector._heard.set()
        await running
