"""`comanda edge replay` and `comanda edge device add` as a person starts them, against a box that runs."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.programs import EdgeBox, Program, run, run_json
from tests.support.waiting import eventually

ORDERS = 1_500
TOTAL = ORDERS * (420 + 2 * 280)


@pytest.fixture
def orders(short_dir: Path) -> Path:
    """Enough orders that a replay can be killed in their middle, and one bad row at the end."""
    path = short_dir / "orders.csv"
    lines = ["order_id,ordered_at,item,quantity,unit_price"]
    for number in range(ORDERS):
        at = f"2026-03-0{1 + number % 5}T{8 + number % 12:02}:30:00"
        lines += [f"{number},{at},Latte,1,4.20", f"{number},{at},Croissant,2,€2.80"]
    path.write_text("\n".join([*lines, "1,2026-03-01T08:30:00,NULL,1,"]))
    return path


@pytest.fixture
def edge(new_edge: Callable[..., EdgeBox]) -> EdgeBox:
    box = new_edge()
    box.start_serve()
    return box


def token_of(edge: EdgeBox, role: str = "import") -> dict[str, str]:
    """The environment in which a device of that role replays."""
    made = run_json("edge", "device", "add", role, "--role", role, "--data-dir", edge.data_dir)
    return {"COMANDA_DEVICE_TOKEN": made["token"]}


def sequence(edge: EdgeBox) -> int:
    return httpx.get(f"{edge.url}/v1/status", timeout=5.0).json()["sequence"]


def test_a_replay_killed_in_the_middle_and_a_box_killed_under_the_next_double_nothing(
    edge: EdgeBox, orders: Path, make_program: Callable[..., Program]
) -> None:
    env = token_of(edge)
    arguments = ("edge", "replay", orders, "--site", edge.url, "--json")
    first = make_program("first", *arguments, env=env)
    first.start()
    eventually(lambda: sequence(edge) > 1_000, "the first replay is well under way")
    assert first.is_running, "it was too quick to be killed"
    first.kill()

    second = make_program("second", *arguments, env=env)
    at_kill = sequence(edge)
    second.start()
    eventually(lambda: sequence(edge) > at_kill + 1_000, "the second replay is beyond where the first was")
    assert second.is_running, "it was too quick to have the box killed under it"
    edge.serve.kill()
    edge.start_serve()
    eventually(lambda: not second.is_running, "the second replay ends", deadline_s=60.0)
    assert second.exit_code == 0, second.log_text()

    report = json.loads(second.log_text().splitlines()[-1])
    assert (report["orders"], report["lines"], report["total_minor"]) == (ORDERS, 2 * ORDERS, TOTAL)
    assert 0 < report["repeated_orders"] < ORDERS
    assert report["rejected"] == [{"row": 2 * ORDERS + 2, "code": "item.missing", "reason": "The row names no item."}]
    sales = httpx.get(f"{edge.url}/v1/sales?from_date=2026-03-01&to_date=2026-03-05", timeout=30.0).json()
    assert (sales["total"]["orders"], sales["total"]["lines"], sales["total"]["gross_minor"]) == (ORDERS, 2 * ORDERS, TOTAL)
    assert [day["orders"] for day in sales["days"]] == [ORDERS // 5] * 5
    verified = run_json("edge", "verify", "--data-dir", edge.data_dir)
    assert verified["bad_sequence"] is None


def test_what_a_person_can_put_right_is_said_in_two_lines(edge: EdgeBox, orders: Path, short_dir: Path) -> None:
    importer, pos = token_of(edge), token_of(edge, "pos")
    nowhere = "http://127.0.0.1:1"
    headless, broken = short_dir / "headless.csv", short_dir / "menu.json"
    headless.write_text("1,2026-03-01T08:30:00,Latte,1,4.20\n")
    broken.write_text('{"name": "Bar"}')
    cases: list[tuple[str, dict[str, str], list[str | Path]]] = [
        ("device.token_missing", {"COMANDA_DEVICE_TOKEN": ""}, [orders, "--site", edge.url]),
        ("device.unknown", {"COMANDA_DEVICE_TOKEN": "nonsense"}, [orders, "--site", edge.url]),
        ("permission.missing", pos, [orders, "--site", edge.url]),
        ("site.unreachable", importer, [orders, "--site", nowhere, "--patience", "0.1"]),
        ("site.url_malformed", importer, [orders, "--site", "127.0.0.1:8080"]),
        ("site.not_comanda", importer, [orders, "--site", f"{edge.url}/schema"]),
        ("replay.file_unreadable", importer, [short_dir / "absent.csv", "--site", edge.url]),
        ("replay.file_unreadable", importer, [short_dir, "--site", edge.url]),
        ("replay.columns_missing", importer, [headless, "--site", edge.url]),
        ("menu.malformed", importer, [orders, "--site", edge.url, "--menu", broken]),
    ]
    before = sequence(edge)
    for code, env, arguments in cases:
        done = run("edge", "replay", *arguments, env=env)
        error, hint = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (1, ""), code
        assert error.startswith(f"error: {code}: "), (code, error)
        assert hint.startswith("hint: ")
    assert sequence(edge) == before, "nothing was written"


def test_rejected_rows_are_listed_for_people_and_fail_only_a_strict_replay(edge: EdgeBox, short_dir: Path) -> None:
    path = short_dir / "orders.csv"
    path.write_text(
        "order_id,ordered_at,item,quantity,unit_price,waiter\n1,2026-03-01T08:30:00,Latte,1,4.20,Ann\n1,2026-03-01T08:30:00,,1,1,Ann\n"
    )
    env = token_of(edge)
    done = run("edge", "replay", path, "--site", edge.url, env=env)
    assert done.returncode == 0, done.stderr
    assert "1 orders, 1 lines, 4.20 EUR (420 minor units)" in done.stdout
    assert "row 3: item.missing: The row names no item." in done.stdout
    assert "'waiter' is not used" in done.stdout
    assert run("edge", "replay", path, "--site", edge.url, "--strict", env=env).returncode == 1


def test_a_box_that_is_not_running_makes_no_device_and_says_so(short_dir: Path) -> None:
    done = run("edge", "device", "add", "Bar", "--role", "pos", "--data-dir", short_dir)
    assert done.returncode == 1
    assert done.stderr.startswith("error: box.unreachable: ")


def test_a_device_with_a_name_that_cannot_be_printed_is_refused(edge: EdgeBox) -> None:
    done = run("edge", "device", "add", "Bar\x07", "--role", "pos", "--data-dir", edge.data_dir)
    assert done.stderr.startswith("error: text.control_character: ")
    assert done.returncode == 1
