"""A running box that lets go of what is old, in the cloud and backed up: the feed, the status and the tills go on."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from edge.main import retention, running
from edge.settings import EdgeSettings
from shared.protocol.entry import Position, StoredEntry
from tests.integration.edge.till import body_of
from tests.support.boxes import make_box
from tests.support.programs import EdgeBox, run_json
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import ORG, SITE


@pytest.fixture
def old_box(short_dir: Path) -> tuple[Path, list[StoredEntry]]:
    """A box whose journal was written months ago."""
    data_dir = short_dir / "box"
    make_box(data_dir, org_id=ORG, site_id=SITE, currency="EUR", time_zone="Europe/Berlin")
    kit = SiteKit(data_dir)
    kit.load_menu()
    for name in "abcdef":
        kit.batch(*service(name))
    entries = kit.store.entries(0, 10_000)
    kit.close()
    return data_dir, entries


async def test_what_is_not_in_the_cloud_or_not_backed_up_stays_however_old_it_is(old_box: tuple[Path, list[StoredEntry]]) -> None:
    data_dir, entries = old_box
    async with running(EdgeSettings(data_dir=data_dir)) as edge:
        keeper = retention(edge)
        assert await keeper.round() is None
        edge.cloud = type(edge.cloud)(sequence=20)
        assert await keeper.round() is None
        edge.backed_up = len(entries)
        begins = await keeper.round()
        assert begins is not None
        assert 0 < begins.sequence <= 20
        assert edge.begins == begins
        assert await edge.reader.entries(0, 10_000) == entries[begins.sequence :]


async def test_what_was_written_lately_stays_whoever_has_it(short_dir: Path) -> None:
    make_box(short_dir / "box")
    async with running(EdgeSettings(data_dir=short_dir / "box")) as edge:
        edge.cloud, edge.backed_up = type(edge.cloud)(sequence=99), 99
        assert await retention(edge).round() is None


def test_a_box_that_has_let_go_serves_on_after_a_restart(
    old_box: tuple[Path, list[StoredEntry]], make_edge: Callable[..., EdgeBox]
) -> None:
    data_dir, entries = old_box
    kit = SiteKit(data_dir)
    begins = kit.store.trim(20)
    kit.close()
    edge = make_edge(data_dir)
    edge.start_serve()
    with httpx.Client(base_url=edge.url) as client, edge.box_client() as box:
        assert client.get("/v1/status").json()["begins"] == str(begins)
        again = client.post("/v1/commands", json=body_of(service("a")[0]))
        assert client.post("/v1/commands", json=body_of(service("later")[0])).is_success
        behind = box.get("/v1/feed", params={"after": str(entries[2].position)})
        assert (behind.status_code, behind.json()["code"]) == (410, "feed.trimmed")
        page = box.get("/v1/feed", params={"after": str(begins)}).json()
        first = Position.parse(page["entries"][0]["position"])
        assert first == entries[begins.sequence].position
    assert again.json()["code"] == "check.already_open", "what the forgotten entries came to is known"
    assert run_json("edge", "verify", "--data-dir", data_dir, "--json")["begins"] == str(begins)
