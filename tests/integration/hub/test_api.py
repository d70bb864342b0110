"""The HTTP API over real databases: tenants, positions, sales, claims, problems."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest_asyncio

from hub.app.claims import claim_site, new_code
from provisioning.keys import new_user
from shared.limits import CLAIM_CODE_BYTES
from shared.protocol.envelope import Figures
from tests.integration.hub.asking import bearer, client_of, ensure_problem
from tests.support.boxes import new_id
from tests.support.hub_rig import HubRig
from tests.support.issuer import CREDENTIALS, ISSUER, read_claim
from tests.support.journals import SiteJournal
from tests.support.postgres import TestPostgres


def a_code(number: int) -> str:
    return new_code(number.to_bytes(CLAIM_CODE_BYTES, "big"))


@pytest_asyncio.fixture
async def api(rig: HubRig) -> AsyncIterator[httpx.AsyncClient]:
    """The API of the rig, without a token."""
    async with client_of(rig) as client:
        yield client


# --- who may ask ---------------------------------------------------------------------------------


async def test_without_a_token_nothing_is_told(rig: HubRig, api: httpx.AsyncClient) -> None:
    for path in ("/v1/organisations", "/v1/sites", f"/v1/sites/{new_id()}", f"/v1/sites/{new_id()}/sales?from_date=2026-03-01"):
        answer = await api.get(path)
        ensure_problem(answer, 401, "token.missing")
        assert answer.headers["www-authenticate"] == "Bearer"
        ensure_problem(await api.get(path, headers={"authorization": "Bearer nonsense"}), 401, "token.unknown")


async def test_a_token_of_one_organisation_sees_no_other(rig: HubRig, api: httpx.AsyncClient) -> None:
    ours, theirs = (await rig.add_site()).orders(1), (await rig.add_site()).orders(1)
    for site in (ours, theirs):
        await rig.send_all(site)
    await rig.project()
    headers = await bearer(rig, ours.address.org_id)
    organisations = (await api.get("/v1/organisations", headers=headers)).json()["organisations"]
    assert [each["org_id"] for each in organisations] == [ours.address.org_id]
    sites = (await api.get("/v1/sites", headers=headers)).json()["sites"]
    assert [each["site_id"] for each in sites] == [ours.address.site_id]
    assert (await api.get(f"/v1/sites?org_id={theirs.address.org_id}", headers=headers)).json()["sites"] == []
    for path in ("", "/sales?from_date=2026-03-01"):
        assert (await api.get(f"/v1/sites/{ours.address.site_id}{path}", headers=headers)).status_code == 200
        ensure_problem(await api.get(f"/v1/sites/{theirs.address.site_id}{path}", headers=headers), 404, "site.unknown")


async def test_a_platform_token_sees_all_sites_page_by_page(rig: HubRig, api: httpx.AsyncClient) -> None:
    sites = {(await rig.add_site()).address.site_id for _ in range(3)}
    headers = await bearer(rig)
    found: list[str] = []
    after = ""
    while True:
        page = (await api.get(f"/v1/sites?limit=2{after}", headers=headers)).json()
        found += [each["site_id"] for each in page["sites"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sites <= set(found)
    assert len(found) == len(set(found))


# --- what is told --------------------------------------------------------------------------------


async def test_a_site_is_shown_with_position_lag_and_last_contact(rig: HubRig, api: httpx.AsyncClient) -> None:
    site = (await rig.add_site()).orders(2)
    headers = await bearer(rig)
    path = f"/v1/sites/{site.address.site_id}"
    fresh = (await api.get(path, headers=headers)).json()
    assert (fresh["position"]["sequence"], fresh["lag_entries"], fresh["last_contact_at"]) == (0, 0, None)
    await rig.send(site.message(1, 5))
    figures = Figures(head_sequence=len(site.entries), open_checks=3, oldest_pending_at_ms=1_772_000_000_000, business_date="2026-03-01")
    await rig.greeter.greet([site.hello(figures=figures)])
    await rig.project()
    shown = (await api.get(path, headers=headers)).json()
    mark = site.entries[4]
    assert shown["position"] == {"epoch": 1, "sequence": 5, "hash": mark.hash.hex()}
    assert (shown["head_sequence"], shown["lag_entries"], shown["projected_sequence"]) == (len(site.entries), len(site.entries) - 5, 5)
    assert shown["oldest_pending_at"] == "2026-02-25T06:13:20Z"
    assert shown["last_contact_at"]
    assert shown["received_at"]
    assert shown["open_checks"] == 3


async def test_sales_are_told_by_day(rig: HubRig, api: httpx.AsyncClient) -> None:
    site = (await rig.add_site()).orders(2, "2026-03-01").orders(1, "2026-03-03")
    await rig.send_all(site)
    await rig.project()
    answer = await api.get(f"/v1/sites/{site.address.site_id}/sales?from_date=2026-03-01&to_date=2026-03-03", headers=await bearer(rig))
    told = answer.json()
    one = told["days"][1]
    assert [day["business_date"] for day in told["days"]] == ["2026-03-01", "2026-03-03"]
    assert (told["currency"], told["total"]["orders"], told["total"]["lines"]) == ("USD", 3, 6)
    # Soup 6.50 plus 8.875 % on top, three teas of 2.99 with 7 % within.
    assert (one["gross_minor"], one["net_minor"], one["tax_minor"]) == (1547, 1547 - 59, 59 + 58)
    assert told["total"]["gross_minor"] == 3 * 1547


async def test_a_range_that_is_none_is_refused(rig: HubRig, api: httpx.AsyncClient) -> None:
    site = await rig.add_site()
    headers = await bearer(rig)
    for query in ("from_date=yesterday", "from_date=2026-03-02&to_date=2026-03-01", "from_date=2020-01-01&to_date=2026-01-01"):
        ensure_problem(await api.get(f"/v1/sites/{site.address.site_id}/sales?{query}", headers=headers), 422, "sales.range_invalid")
    ensure_problem(await api.get(f"/v1/sites/{site.address.site_id}/sales", headers=headers), 400, "request.malformed")
    ensure_problem(await api.get("/v1/sites?org_id=x", headers=headers), 422, "id.malformed")
    ensure_problem(await api.get("/v1/sites?limit=0", headers=headers), 400, "request.malformed")
    ensure_problem(await api.get("/v1/nothing", headers=headers), 404, "route.unknown")
    ensure_problem(await api.delete("/v1/sites", headers=headers), 405, "route.method")


async def test_a_shard_that_is_down_is_named_and_the_rest_is_told(rig: HubRig, own_postgres: Callable[..., TestPostgres]) -> None:
    own = own_postgres()
    hub = HubRig(rig.control, {"s1": rig.shards["s1"], "s2": own.create("s2")})
    try:
        await hub.migrate()
        here, there = await hub.add_site(shard="s1"), await hub.add_site(shard="s2")
        headers = await bearer(hub)
        own.server.stop()
        async with client_of(hub) as client:
            told = (await client.get("/v1/sites", headers=headers)).json()
            by_id = {each["site_id"]: each for each in told["sites"]}
            assert told["missing_shards"] == ["s2"]
            assert by_id[here.address.site_id]["position"]["sequence"] == 0
            assert by_id[there.address.site_id]["position"] is None
            answer = await client.get(f"/v1/sites/{there.address.site_id}/sales?from_date=2026-03-01", headers=headers)
            ensure_problem(answer, 503, "shard.unavailable")
            assert answer.headers["retry-after"]
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["shards"]) == (200, {"s1": True, "s2": False})
    finally:
        await hub.close()


# --- claims --------------------------------------------------------------------------------------


async def claimed_site(rig: HubRig, code: str) -> SiteJournal:
    site = await rig.add_site()
    await claim_site(rig.stores.control, site.address.site_id, code)
    return site


async def test_a_claim_gives_the_next_epoch_once_and_the_same_again_to_the_same_key(rig: HubRig, api: httpx.AsyncClient) -> None:
    site = await claimed_site(rig, a_code(1))
    body = {"code": a_code(1).lower().replace("-", " "), "public_key": new_user().public}
    first = await api.post("/v1/claims", json=body)
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["org_id"], told["site_id"], told["epoch"]) == (*site.address, 2)
    assert told["nats_urls"] == ["nats://broker:4222"]
    assert body["public_key"] in told["jwt"]
    assert (await api.post("/v1/claims", json=body)).json() == told
    ensure_problem(await api.post("/v1/claims", json=body | {"public_key": new_user().public}), 409, "claim.used")


async def test_a_claim_lies_above_what_a_tablet_knows_and_no_database(rig: HubRig, api: httpx.AsyncClient) -> None:
    """A hub that was restored twice leaves out the same epochs twice (found by the simulator, seeds 4953 and 6448)."""
    site = await rig.add_site()
    epochs: list[int] = []
    for number, above in enumerate((203, 0, 7), 40):
        await claim_site(rig.stores.control, site.address.site_id, a_code(number), above)
        answer = await api.post("/v1/claims", json={"code": a_code(number), "public_key": new_user().public})
        epochs.append(answer.json()["epoch"])
    assert epochs == [204, 205, 206]


async def test_claims_that_are_none(rig: HubRig, api: httpx.AsyncClient) -> None:
    key = new_user().public
    ensure_problem(await api.post("/v1/claims", json={"code": a_code(2), "public_key": key}), 404, "claim.unknown")
    await claimed_site(rig, a_code(3))
    ensure_problem(await api.post("/v1/claims", json={"code": a_code(3), "public_key": "UABC"}), 422, "claim.key_malformed")
    ensure_problem(await api.post("/v1/claims", content=b"{"), 400, "request.malformed")
    ensure_problem(await api.post("/v1/claims", content=b" " * 100_000), 413, "request.too_large")
    site = await rig.add_site()
    assert await rig.stores.control.add_claim(site.address.site_id, b"\x05" * 32, -1.0)
    used = await rig.stores.control.use_claim(b"\x05" * 32, key, 0, CREDENTIALS.claim)
    assert used.refused == "claim.expired"


async def test_a_claim_is_a_token_that_whoever_knows_the_issuer_can_read(rig: HubRig, api: httpx.AsyncClient) -> None:
    key = new_user().public
    site = await claimed_site(rig, a_code(4))
    first, again = [(await api.post("/v1/claims", json={"code": a_code(4), "public_key": key})).json() for _ in range(2)]
    claim = read_claim(first["claim"])
    assert (claim.org, claim.site, claim.epoch, claim.key) == (*site.address, first["epoch"], key)
    assert first["issuers"] == [ISSUER.public]
    assert again == first  # the same token: its answer was lost, nothing was granted twice


async def test_an_epoch_that_the_control_database_forgot_is_not_granted_again(rig: HubRig, api: httpx.AsyncClient) -> None:
    newest = site = await rig.add_site()
    for _ in range(3):
        newest = SiteJournal(*site.address)
        newest.epoch = await rig.claim(newest)
    newest.entries = list(site.entries)
    await rig.send(newest.message(1, 1))
    newest.append(b'{"type":"EpochStarted"}')
    await rig.send(newest.message(2, 2))
    await rig.forget_boxes(site, 2)
    assert await rig.claim(SiteJournal(*site.address)) == 5


async def test_two_boxes_with_two_codes_get_two_epochs(rig: HubRig, api: httpx.AsyncClient) -> None:
    site = await rig.add_site()
    epochs = [await rig.claim(SiteJournal(*site.address)) for _ in range(3)]
    assert epochs == [2, 3, 4]


# --- operations ----------------------------------------------------------------------------------


async def test_health_metrics_and_the_document(rig: HubRig, api: httpx.AsyncClient) -> None:
    assert (await api.get("/healthz")).json() == {"status": "ok"}
    assert (await api.get("/readyz")).status_code == 200
    await api.get(f"/v1/sites/{new_id()}")
    text = (await api.get("/metrics")).text
    assert 'comanda_hub_requests_total{method="GET",route="/v1/sites/{site_id}",status="401"} 1.0' in text
    document = (await api.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation.get("description"), path
    assert "ClaimAnswer" in document["components"]["schemas"]
