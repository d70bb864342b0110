"""A box and its replacement at a real hub: the old one learns at once that it was replaced, and what it still held is kept apart."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from edge.app.keepsakes import read_device_list
from tests.integration.edge.till import load_menu
from tests.support.boxes import new_id
from tests.support.hub import HubStack
from tests.support.programs import EdgeBox
from tests.support.proxy import ThreadedProxy
from tests.support.waiting import eventually

_DEADLINE_S = 60.0


def copy(source: Path, target: Path) -> None:
    """A journal as it is now, while its box runs."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as held, closing(sqlite3.connect(target)) as made:
        held.backup(made)


class Box:
    """A box of the site, enrolled and running, whose line to the broker can be cut."""

    def __init__(self, edge: EdgeBox, line: ThreadedProxy) -> None:
        self.edge, self.line = edge, line
        self.client = httpx.Client(base_url=edge.url, timeout=10.0)

    def status(self) -> dict[str, Any]:
        return self.client.get("/v1/status").json()

    def open_check(self) -> httpx.Response:
        command = {"type": "OpenCheck", "check_id": new_id(), "table_id": "1"}
        return self.client.post("/v1/commands", json={"id": new_id(), "command": command})

    def is_in_the_cloud(self) -> bool:
        return self.status()["pending_entries"] == 0


@pytest.fixture
def make_box(
    hub: HubStack, short_dir: Path, make_proxy: Callable[[int], ThreadedProxy], make_edge: Callable[..., EdgeBox]
) -> Iterator[Callable[[str, str], Box]]:
    made: list[Box] = []

    def make(site_id: str, name: str, *, journal_of: str = "") -> Box:
        """`journal_of`: the box whose journal it begins with, as after a restore."""
        hub.enroll(site_id, short_dir / name)
        if journal_of:
            copy(short_dir / journal_of / "journal.db", short_dir / name / "journal.db")
        line = make_proxy(int(hub.broker.url.rsplit(":", 1)[1]))
        box = Box(make_edge(short_dir / name, nats_url=f"nats://127.0.0.1:{line.port}"), line)
        made.append(box)
        box.edge.start()
        if not journal_of:
            load_menu(box.edge)
        return box

    yield make
    for box in made:
        box.client.close()


def test_the_old_box_hears_at_once_that_it_was_replaced_and_what_it_still_held_is_kept(hub: HubStack, make_box: Callable[..., Box]) -> None:
    hub.start()
    _, site_id = hub.add_site(currency="EUR")
    old = make_box(site_id, "old")
    eventually(old.is_in_the_cloud, "everything in the cloud", deadline_s=_DEADLINE_S)
    old.line.cut()
    present = make_box(site_id, "present", journal_of="old")
    assert old.open_check().status_code == 200, "the line is optional"
    held = old.status()
    assert held["pending_entries"] > 0

    eventually(present.is_in_the_cloud, "the present box in the cloud", deadline_s=_DEADLINE_S)
    old.line.heal()
    eventually(lambda: old.status()["box"]["fenced_epoch"] == present.status()["epoch"], "the old box fenced", deadline_s=_DEADLINE_S)
    assert old.open_check().json()["code"] == "box.fenced"
    eventually(lambda: old.status()["kept_sequence"] == held["sequence"], "the branch at the hub", deadline_s=_DEADLINE_S)
    eventually(old.is_in_the_cloud, "nothing that only the old box holds", deadline_s=_DEADLINE_S)
    assert old.status()["cloud"]["sequence"] < held["sequence"], "kept apart is not in the site's journal"
    assert "epoch.fenced" in old.status()["alarms"]

    assert present.status()["box"]["fenced_epoch"] == 0
    assert "epoch.fenced" not in present.status()["alarms"]
    assert present.open_check().status_code == 200
    eventually(present.is_in_the_cloud, "the present box goes on", deadline_s=_DEADLINE_S)


def test_a_box_on_the_line_is_fenced_before_its_replacement_has_even_started(
    hub: HubStack, short_dir: Path, make_box: Callable[..., Box]
) -> None:
    hub.start()
    _, site_id = hub.add_site(currency="EUR")
    old = make_box(site_id, "old")
    eventually(old.is_in_the_cloud, "everything in the cloud", deadline_s=_DEADLINE_S)
    hub.enroll(site_id, short_dir / "present")
    eventually(lambda: old.status()["box"]["fenced_epoch"] == 2, "the word of the claim that was redeemed", deadline_s=_DEADLINE_S)
    assert old.open_check().json()["code"] == "box.fenced"


def test_a_box_that_knows_less_than_the_hub_is_heard_and_what_the_hub_has_beyond_is_an_orphan(
    hub: HubStack, short_dir: Path, make_box: Callable[..., Box]
) -> None:
    """The hub is away when the box dies, and the stick was pulled earlier: `comanda edge restore --no-hub --mirror`."""
    hub.start()
    _, site_id = hub.add_site(currency="EUR")
    old = make_box(site_id, "old")
    eventually(old.is_in_the_cloud, "everything in the cloud", deadline_s=_DEADLINE_S)
    (short_dir / "stick").mkdir()
    copy(short_dir / "old" / "journal.db", short_dir / "stick" / "journal.db")
    begins = old.status()["head"]
    assert old.open_check().status_code == 200
    eventually(old.is_in_the_cloud, "the hub has more than the stick", deadline_s=_DEADLINE_S)
    old.edge.stop()
    hub.ingest.stop()
    present = make_box(site_id, "present", journal_of="stick")
    assert present.status()["epoch_begins"][-1] == begins
    assert [present.open_check().status_code for _ in range(3)] == [200] * 3, "it sells without the hub"
    assert not present.is_in_the_cloud()

    hub.ingest.start()
    eventually(present.is_in_the_cloud, "everything of the present box in the cloud", deadline_s=_DEADLINE_S)
    assert not {"envelope.fork", "feed.fork"} & set(present.status()["alarms"])
    (branch,) = hub.command("orphans", "list", "--site", site_id)["branches"]
    assert (branch["epoch"], branch["undecided"]) == (1, 1)
    hub.command("orphans", "adopt", site_id, "1", "--all", "--by", "Ana")
    counted = present.client.get("/v1/checks").json()["checks"]
    assert len(counted) == 3

    def is_adopted() -> bool:
        return len(present.client.get("/v1/checks").json()["checks"]) == 4

    eventually(is_adopted, "the sale that only the hub had", deadline_s=_DEADLINE_S)


async def kept_at(hub: HubStack, org_id: str) -> dict[str, tuple[str, bytes]]:
    """(kind, document) of the keepsakes of an organisation, by version, in whichever shard."""
    found: dict[str, tuple[str, bytes]] = {}
    for shard in hub.shards.values():
        connection = await asyncpg.connect(shard.owner_dsn)
        try:
            await connection.execute("select set_config('app.org_id', $1, false)", org_id)
            rows = await connection.fetch("select version, kind, document from keepsakes")
        finally:
            await connection.close()
        found |= {row["version"]: (row["kind"], row["document"]) for row in rows}
    return found


def test_the_hub_keeps_menus_and_devices_for_a_replacement(hub: HubStack, make_box: Callable[..., Box]) -> None:
    hub.start()
    org_id, site_id = hub.add_site(currency="EUR")
    box = make_box(site_id, "box")
    with box.edge.box_client() as own:
        token = own.post("/v1/devices", json={"name": "Bar", "role": "pos"}).json()["token"]
        held = own.get("/v1/keepsakes").json()
        documents = {each["version"]: (each["kind"], own.get(f"/v1/keepsakes/{each['version']}").content) for each in held}
    assert [each["kind"] for each in held] == ["devices", "menu"]
    (listed,) = read_device_list(documents[held[0]["version"]][1])
    assert (listed.name, listed.role, listed.token_hash) == ("Bar", "pos", hashlib.sha256(token.encode()).hexdigest())

    def is_kept() -> bool:
        kept = asyncio.run(kept_at(hub, org_id))
        return documents.items() <= kept.items()

    eventually(is_kept, "both at the hub", deadline_s=_DEADLINE_S)
