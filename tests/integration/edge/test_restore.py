"""`comanda edge restore` with real processes, without a hub: a stick, tablets, and what nobody has any more."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge.mirror.file import JOURNAL, Walk
from provisioning.enroll import Claimed
from provisioning.process import free_port
from tests.integration.edge.till import load_menu, read_journal
from tests.support.boxes import make_box
from tests.support.programs import EdgeBox, Program, run, run_json
from tests.support.tablets import Tablet
from tests.support.waiting import eventually
from tests.unit.shared.domain.world import MENU

Swap = Callable[..., dict[str, Any]]


@pytest.fixture
def claimed(short_dir: Path) -> Claimed:
    return make_box(short_dir / "old", currency="EUR", time_zone="Europe/Berlin")


@pytest.fixture
def old(short_dir: Path, claimed: Claimed, make_edge: Callable[..., EdgeBox]) -> EdgeBox:
    box = make_edge(short_dir / "old")
    box.start_serve()
    load_menu(box)
    return box


@pytest.fixture
def new(short_dir: Path, claimed: Claimed, make_edge: Callable[..., EdgeBox]) -> EdgeBox:
    make_box(short_dir / "new", org_id=claimed.org_id, site_id=claimed.site_id, epoch=2, currency="EUR", time_zone="Europe/Berlin")
    return make_edge(short_dir / "new")


@pytest.fixture
def stick(short_dir: Path) -> Path:
    (short_dir / "stick").mkdir()
    return short_dir / "stick"


@pytest.fixture
def mirror(old: EdgeBox, stick: Path, make_program: Callable[..., Program]) -> Program:
    made = make_program("mirror", "edge", "mirror", stick, "--data-dir", old.data_dir, "--same-disk")
    made.start()
    return made


def _tablet(box: EdgeBox, name: str) -> Tablet:
    with box.box_client() as client:
        return Tablet(name, client.post("/v1/devices", json={"name": name, "role": "manager"}).raise_for_status().json()["token"])


def _mirrored(stick: Path, claimed: Claimed, sequence: int) -> bool:
    site = stick / claimed.site_id
    if not (site / JOURNAL).exists() or not (site / "keepsakes.json").exists():
        return False
    last = [entry.sequence for found in Walk(site / JOURNAL).runs() for entry in found][-1:]
    return last == [sequence] and b'"devices"' in (site / "keepsakes.json").read_bytes()


def _last(box: EdgeBox) -> int:
    return read_journal(box.data_dir / "journal.db")[-1][0]


def _die(box: EdgeBox) -> int:
    """The box is gone for good; the last sequence of its journal."""
    last = _last(box)
    box.serve.kill()
    shutil.rmtree(box.data_dir)
    return last


@pytest.fixture
def restoring(new: EdgeBox, make_program: Callable[..., Program]) -> Callable[..., Program]:
    def start(*arguments: str | Path) -> Program:
        program = make_program("restore", "edge", "restore", "--data-dir", new.data_dir, "--port", str(new.port), "--json", *arguments)
        program.start()
        return program

    return start


def _report(box: EdgeBox, program: Program) -> dict[str, Any]:
    eventually(lambda: not program.is_running, "the restore ends", deadline_s=40.0)
    assert not (box.data_dir / "restore.pending").exists(), program.log_text()
    return json.loads((box.data_dir / "restore.json").read_bytes())


def _tickets(box: EdgeBox) -> list[str]:
    return sorted(ticket["ticket_id"] for ticket in httpx.get(f"{box.url}/v1/tickets").raise_for_status().json()["tickets"])


def test_a_box_dies_in_the_evening_and_stick_and_tablets_together_lose_nothing(old, new, stick, mirror, claimed, restoring):
    ana, ben = _tablet(old, "Ana"), _tablet(old, "Ben")
    first = ana.order(old.url, ["soup", "wine"])
    ana.pay(old.url, first)
    second = ben.order(old.url, ["soup"])
    sequence = _last(old)
    eventually(lambda: _mirrored(stick, claimed, sequence), "the stick has it", deadline_s=30.0)
    mirror.stop()
    ben.add(old.url, second, "wine")
    ana.send(old.url, {"type": "SendCheck", "check_id": second})
    third = ana.order(old.url, ["soup", "soup"])
    tickets, checks = _tickets(old), httpx.get(f"{old.url}/v1/checks").json()["checks"]
    last = _die(old)

    program = restoring("--no-hub", "--mirror", stick, "--tablets", "2", "--wait", "60")
    eventually(lambda: ana.is_known(new.url), "the new box collects")
    refused = httpx.post(f"{new.url}/v1/commands", json={"id": second, "command": {"type": "SendCheck", "check_id": second}}, timeout=5.0)
    assert (refused.status_code, refused.json()["code"]) == (503, "box.recovering")
    assert set(ana.hand_in(new.url).values()) == {"known", "waits"}
    assert set(ben.hand_in(new.url).values()) == {"known", "waits"}
    report = _report(new, program)

    assert program.exit_code == 0, program.log_text()
    assert [(each["source"].split()[0], each["stretch"]["last"]) for each in report["came"]] == [("mirror", sequence)]
    assert {each["name"]: (each["played"], each["refused"], each["is_complete"]) for each in report["handed_in"]} == {
        "Ana": (5, 0, True), "Ben": (1, 0, True),
    }  # fmt: skip
    assert report["missing"] == []
    assert report["highest_seen"].split(".")[1] == str(last)
    new.start_serve()
    assert _tickets(new) == tickets, "no ticket twice, none lost"
    again = {check["check_id"]: check["total_minor"] for check in httpx.get(f"{new.url}/v1/checks").json()["checks"]}
    assert again == {check["check_id"]: check["total_minor"] for check in checks}
    assert set(again) == {second, third}
    assert set(ana.hand_in(new.url).values()) == set(ben.hand_in(new.url).values()) == {"known"}
    done = run("edge", "verify", "--data-dir", new.data_dir)
    assert done.returncode == 0, done.stdout


def test_a_tablet_that_stayed_in_a_pocket_is_told_as_missing_and_comes_late(old, new, stick, mirror, claimed, restoring):
    ana, ben = _tablet(old, "Ana"), _tablet(old, "Ben")
    sequence = _last(old)
    eventually(lambda: _mirrored(stick, claimed, sequence), "the stick has the menu", deadline_s=30.0)
    mirror.stop()
    hers = ana.order(old.url)
    his = ben.order(old.url)
    ana.add(old.url, hers, "wine")
    ana.add(old.url, his, "wine")
    _die(old)
    program = restoring("--no-hub", "--mirror", stick, "--tablets", "1", "--wait", "60")
    eventually(lambda: ana.is_known(new.url), "the new box collects")
    ana.hand_in(new.url)
    report = _report(new, program)
    assert program.exit_code == 1, "something is missing"
    (refused,) = report["refused"]
    assert refused["code"] == "check.unknown", "her wine is for his check, which nobody here knows of"
    (gap,) = report["missing"]
    of_his = [int(each["position"].split(".")[1]) for each in ben.held]
    assert gap["first"] <= of_his[0]
    assert gap["last"] == of_his[-1]
    (listed,) = run_json("edge", "handed-in", "list", "--data-dir", new.data_dir)
    assert listed["command_id"] == refused["command_id"]

    new.start_serve()
    eventually(lambda: "handin.refused" in httpx.get(f"{new.url}/v1/status").json()["alarms"], "a person is told")
    done = run("edge", "handed-in", "settle", listed["command_id"], "--by", "Rosa", "--data-dir", new.data_dir)
    assert done.returncode == 0, done.stderr
    eventually(lambda: "handin.refused" not in httpx.get(f"{new.url}/v1/status").json()["alarms"], "the alarm ends")
    assert set(ben.hand_in(new.url).values()) == {"played"}, "he comes late, and the box plays at once what it does not know"
    checks = {each["check_id"]: each for each in httpx.get(f"{new.url}/v1/checks").raise_for_status().json()["checks"]}
    assert his in checks
    assert set(ana.hand_in(new.url).values()) == {"known", "refused"}, "Rosa has made up for it by hand"
    assert run_json("edge", "handed-in", "list", "--data-dir", new.data_dir) == []


def test_the_power_fails_in_the_middle_of_a_restore_and_it_is_run_again(old, new, stick, mirror, claimed, restoring):
    ana = _tablet(old, "Ana")
    ana.order(old.url, ["soup", "wine"])
    sequence = _last(old)
    eventually(lambda: _mirrored(stick, claimed, sequence), "the stick has it", deadline_s=30.0)
    mirror.stop()
    ana.order(old.url)
    tickets = _tickets(old)
    _die(old)
    first = restoring("--no-hub", "--mirror", stick, "--tablets", "1")
    eventually(lambda: ana.is_known(new.url), "the new box collects")
    ana.hand_in(new.url)
    first.kill()
    done = run("edge", "serve", "--data-dir", new.data_dir, "--port", str(free_port()))
    if (new.data_dir / "restore.pending").exists():
        assert done.returncode == 1
        assert "restore.unfinished" in done.stderr
    again = restoring("--no-hub", "--mirror", stick, "--tablets", "1")
    eventually(lambda: ana.is_known(new.url), "the new box collects again")
    ana.hand_in(new.url)
    report = _report(new, again)
    assert report["missing"] == report["refused"] == []
    new.start_serve()
    assert _tickets(new) == tickets


def test_tablets_alone_bring_back_what_they_hold_with_a_menu_from_a_file(old, new, restoring, short_dir):
    ana = _tablet(old, "Ana")
    first = ana.order(old.url, ["soup", "wine"])
    ana.pay(old.url, first)
    second = ana.order(old.url, ["soup"])
    tickets = _tickets(old)
    (short_dir / "menu.json").write_bytes(msgspec.json.encode(MENU))
    _die(old)
    program = restoring("--no-hub", "--tablets", "1", "--menu", short_dir / "menu.json")
    eventually(new.is_ready, "the new box collects")
    with new.box_client() as client:  # nobody has the list of devices: the tablet is paired anew
        token = client.post("/v1/devices", json={"name": "Ana", "role": "manager"}).raise_for_status().json()["token"]
    again = Tablet("Ana", token)
    again.held = ana.held
    again.hand_in(new.url)
    report = _report(new, program)
    assert report["handed_in"][0]["refused"] == 0
    assert report["handed_in"][0]["played"] == len(ana.held)
    new.start_serve()
    assert _tickets(new) == tickets
    assert [check["check_id"] for check in httpx.get(f"{new.url}/v1/checks").json()["checks"]] == [second]


def test_a_directory_that_was_left_as_it_is_serves_on(old, stick, mirror, claimed, short_dir):
    """A stick of another history in the wrong box: nothing is touched, and nothing stands in the way of serving."""
    ana = _tablet(old, "Ana")
    ana.order(old.url)
    sequence = _last(old)
    eventually(lambda: _mirrored(stick, claimed, sequence), "the stick has it", deadline_s=30.0)
    mirror.stop()
    old.stop()
    for path in old.data_dir.glob("journal.db*"):
        path.unlink()
    old.start_serve()
    load_menu(old)
    before = read_journal(old.data_dir / "journal.db")
    old.serve.stop()
    done = run("edge", "restore", "--data-dir", old.data_dir, "--no-hub", "--mirror", stick, "--no-tablets")
    assert done.returncode == 1
    assert "restore.contradicts" in done.stderr
    old.start_serve()
    assert read_journal(old.data_dir / "journal.db")[: len(before)] == before


def test_a_replacement_never_begins_from_nothing_because_somebody_forgot_to_restore_it(new):
    done = run("edge", "serve", "--data-dir", new.data_dir, "--port", str(new.port))
    assert done.returncode == 1
    assert "restore.needed" in done.stderr
    done = run("edge", "restore", "--data-dir", new.data_dir, "--no-hub", "--no-tablets", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["came"] == []
    new.start_serve()


def test_a_box_without_a_hub_to_ask_says_how_to_go_on_without(new):
    done = run("edge", "restore", "--data-dir", new.data_dir)
    assert done.returncode == 1
    assert "restore.no_hub_url" in done.stderr
    done = run("edge", "restore", "--data-dir", new.data_dir, "--hub-url", f"http://127.0.0.1:{free_port()}")
    assert "hub.unreachable" in done.stderr
    assert "--no-hub" in done.stderr
