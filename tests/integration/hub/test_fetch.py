"""A replacement fetches what its site was: every entry in pages, the menus, the list of devices; nobody else can."""

import hashlib
from typing import Any

import httpx
import msgspec
import pytest

from hub.app import fetching
from provisioning.keys import new_user
from shared.limits import DOCUMENT_PART_BYTES, FETCH_REQUEST_BYTES_MAX
from shared.protocol.entry import START, Position, StoredEntry, chain
from shared.protocol.envelope import Fetch, FetchPage, Keepsake, decode_page, open_frame, seal_fetch, seal_hello
from shared.protocol.keys import verify
from tests.integration.hub.asking import client_of, ensure_problem
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal


async def ask(client: httpx.AsyncClient, of: SiteJournal, *, key: Any = None, **fields: Any) -> httpx.Response:
    fetch = Fetch(**{"org": of.address.org_id, "site": of.address.site_id, "epoch": of.epoch} | fields)
    signer = key or of.key
    body = seal_fetch(fetch, signer.public, signer.sign)
    return await client.post("/v1/boxes/fetch", content=body, headers={"content-type": "application/msgpack"})


async def page(client: httpx.AsyncClient, site: SiteJournal, **fields: Any) -> FetchPage:
    answer = await ask(client, site, **fields)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/msgpack"), answer.text
    return decode_page(answer.content)


async def keep(rig: HubRig, site: SiteJournal, kind: str, document: bytes) -> str:
    """Let the hub hold a document of the site."""
    version = hashlib.sha256(document).hexdigest()
    await rig.look_as(
        site,
        "insert into keepsakes (org_id, site_id, version, kind, document)"
        " values ($2::text::uuid, $1::text::uuid, $3, $4, $5) on conflict do nothing returning version",
        site.address.org_id, version, kind, document,
    )  # fmt: skip
    return version


async def test_a_replacement_fetches_every_entry_in_pages(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(3)
    await rig.send_all(site)
    replacement = SiteJournal(*site.address, epoch=2)
    await rig.claim(replacement)
    fetched: list[StoredEntry] = []
    async with client_of(rig) as client:
        while True:
            found = await page(client, replacement, after=fetched[-1].position if fetched else START, limit=7)
            assert found.watermark == site.head
            if not found.entries:
                break
            fetched += found.entries
    assert fetched == site.entries
    assert chain(START.hash, [each.entry for each in fetched]) == [each.hash for each in fetched]


async def test_a_page_is_bounded_in_bytes_and_moves_on_all_the_same(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FETCH_PAGE_BYTES_MAX", 1)
    site = (await rig.add_site()).orders(1)
    await rig.send_all(site)
    async with client_of(rig) as client:
        found = await page(client, site, after=site.entries[2].position)
    assert [each.sequence for each in found.entries] == [4]


async def test_it_is_told_of_menus_and_of_the_present_list_of_devices(rig: HubRig) -> None:
    site = await rig.add_site()
    menu, before, now = [await keep(rig, site, kind, text) for kind, text in (("menu", b"{}"), ("devices", b"[1]"), ("devices", b"[2]"))]
    async with client_of(rig) as client:
        assert {each.version for each in (await page(client, site)).keepsakes} >= {menu}
        named = (Keepsake("devices", before), Keepsake("menu", menu))
        said, frame = site.hello()
        hello = msgspec.structs.replace(_hello_of(frame), keepsakes=named)
        await rig.greeter.greet([(said, seal_hello(hello, site.key.public, site.key.sign))])
        found = await page(client, site)
        assert set(found.keepsakes) == set(named), "the list that the box named last, not the one that came last"
        await rig.greeter.greet([site.hello()])
        found = await page(client, site)
        assert set(found.keepsakes) == set(named), "a link beside a box that has just died names none, and takes nothing back"
        assert (await page(client, site, version=now)).document == b"[2]"
        answer = await page(client, site, version="0" * 64)
        assert (answer.document, answer.entries) == (b"", ())


def _hello_of(frame: bytes) -> Any:
    return open_frame(frame, verify)[0]


async def test_a_site_that_never_sent_anything_is_empty(rig: HubRig) -> None:
    site = await rig.add_site()
    async with client_of(rig) as client:
        found = await page(client, site)
    assert (found.watermark, found.entries, found.keepsakes, bool(found.incarnation)) == (START, (), (), True)


async def test_nobody_else_is_told_anything(rig: HubRig) -> None:
    site, other = await rig.add_site(), await rig.add_site()
    async with client_of(rig) as client:
        ensure_problem(await ask(client, site, key=other.key), 403, "fetch.refused")
        ensure_problem(await ask(client, site, key=new_user()), 403, "fetch.refused")
        ensure_problem(await ask(client, other, key=other.key, site=site.address.site_id), 403, "fetch.refused")
        ensure_problem(await ask(client, other, key=other.key, site="none"), 400, "fetch.malformed")
        good = seal_fetch(Fetch(org=site.address.org_id, site=site.address.site_id, epoch=1), site.key.public, site.key.sign)
        ensure_problem(await client.post("/v1/boxes/fetch", content=good[:-1] + b"\x00"), 403, "fetch.refused")
        ensure_problem(await client.post("/v1/boxes/fetch", content=b"\x00"), 400, "fetch.malformed")
        ensure_problem(await client.post("/v1/boxes/fetch", content=site.hello()[1]), 400, "fetch.malformed")
        ensure_problem(await client.post("/v1/boxes/fetch", content=bytes(FETCH_REQUEST_BYTES_MAX + 1)), 413, "request.too_large")


async def test_a_box_that_fetches_without_end_is_told_to_wait(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FETCH_BURST", 2)
    monkeypatch.setattr(fetching, "FETCH_RATE_PER_SITE", 0.000001)
    site, other = await rig.add_site(), await rig.add_site()
    async with client_of(rig) as client:
        assert [(await ask(client, site)).status_code for _ in range(2)] == [200, 200]
        refused = await ask(client, site)
        ensure_problem(refused, 503, "fetch.busy")
        assert refused.headers["retry-after"]
        assert (await ask(client, other)).status_code == 200


def test_a_position_of_the_largest_document_fits_a_fetch() -> None:
    pair = new_user()
    largest = Fetch(org="0" * 36, site="0" * 36, epoch=10**9 - 1, after=Position(10**9 - 1, 10**15 - 1, bytes(32)), version="0" * 64)
    assert len(seal_fetch(largest, pair.public, pair.sign)) < FETCH_REQUEST_BYTES_MAX < DOCUMENT_PART_BYTES
