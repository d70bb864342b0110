"""A quarter of a real café's trade, played through a site into the hub with the link cut in the middle.

The data lies in `../shared/data`, beside the repository: it is somebody else's and is not copied here. Where it is absent this test
fails, and says so.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.cafe import CAFE_DIR, Cafe, convert
from tests.support.hub import HubStack
from tests.support.programs import EdgeBox, Program, run_json
from tests.support.proxy import ThreadedProxy
from tests.support.waiting import eventually

FIRST, LAST = "2023-01-01", "2023-03-31"
DRAIN_S = 120.0  # seconds: generous, since it is only ever used up by a failure


def orders_in(directory: Path) -> tuple[Path, Cafe]:
    """The file to be played, and what it must come to."""
    if not (CAFE_DIR / "cafe_order_details.csv").exists():
        pytest.fail(f"The café data is not at {CAFE_DIR}: put the directory `shared` beside the repository.", pytrace=False)
    target = directory / "orders.csv"
    return target, convert(target)


def days_of(sales: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {day["business_date"]: (day["orders"], day["lines"], day["gross_minor"]) for day in sales["days"]}


def status(box: EdgeBox) -> dict[str, Any]:
    return httpx.get(f"{box.url}/v1/status", timeout=10.0).json()


@pytest.mark.timeout(300)
def test_a_quarter_of_a_cafe_arrives_to_the_cent_although_the_link_was_cut(
    hub: HubStack,
    short_dir: Path,
    make_edge: Callable[..., EdgeBox],
    make_proxy: Callable[[int], ThreadedProxy],
    make_program: Callable[..., Program],
) -> None:
    file, cafe = orders_in(short_dir)
    assert (cafe.orders, cafe.lines, cafe.cents, len(cafe.bad_rows)) == (5_343, 12_097, 15_921_790, 137), "the data is not the one known"
    hub.start()
    _, site_id = hub.add_site("Café")
    data_dir = short_dir / "cafe"
    hub.enroll(site_id, data_dir)
    line = make_proxy(hub.broker.server.port)
    box = make_edge(data_dir, nats_url=f"nats://127.0.0.1:{line.port}")
    box.start()
    token = run_json("edge", "device", "add", "importer", "--role", "import", "--data-dir", data_dir)["token"]
    replay = make_program("replay", "edge", "replay", file, "--site", box.url, "--json", env={"COMANDA_DEVICE_TOKEN": token})
    replay.start()

    eventually(lambda: status(box)["cloud"]["sequence"] > 1_000, "the first orders are in the cloud", deadline_s=DRAIN_S)
    line.cut()
    assert replay.is_running, "the line was cut too late to prove anything"
    eventually(lambda: status(box)["pending_entries"] > 10_000, "the site sells on without the hub", deadline_s=DRAIN_S)
    line.heal()
    eventually(lambda: not replay.is_running, "the file has been played", deadline_s=DRAIN_S)
    assert replay.exit_code == 0, replay.log_text()

    report = json.loads(replay.log_text().splitlines()[-1])
    assert [(each["row"], each["code"]) for each in report["rejected"]] == [(row, "item.missing") for row in cafe.bad_rows]
    assert (report["orders"], report["lines"], report["total_minor"]) == (cafe.orders, cafe.lines, cafe.cents)
    expected = {date: (day.orders, day.lines, day.cents) for date, day in cafe.days.items()}
    assert max(lines for _, lines, _ in expected.values()) == 186, "the busiest day"
    at_site = httpx.get(f"{box.url}/v1/sales", params={"from_date": FIRST, "to_date": LAST}, timeout=30.0).json()
    assert days_of(at_site) == expected
    assert (status(box)["open_checks"], status(box)["open_tickets"]) == (0, 0)

    with hub.client() as api:
        head = status(box)["sequence"]
        eventually(lambda: api.get(f"/v1/sites/{site_id}").json()["projected_sequence"] == head, "all is in the cloud", deadline_s=DRAIN_S)
    in_cloud = hub.command("sales", "--site", site_id, "--from", FIRST, "--to", LAST)
    assert (in_cloud["orders"], in_cloud["lines"], in_cloud["gross_minor"]) == (5_343, 12_097, 15_921_790)
    assert (in_cloud["net_minor"], in_cloud["tax_minor"]) == (15_921_790, 0), "the café's menu knows no tax"
    assert days_of(in_cloud) == expected
