"""`comanda edge mirror` beside a running box: killed, its stick pulled, its box replaced by one that knows less."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from edge.mirror.file import JOURNAL, Walk
from provisioning.enroll import Claimed
from shared.protocol.entry import StoredEntry
from tests.integration.edge.till import load_menu
from tests.support.boxes import make_box, new_id
from tests.support.programs import EdgeBox, Program, run, run_json
from tests.support.waiting import eventually

Mirror = Callable[[EdgeBox], Program]


@pytest.fixture
def claimed(short_dir: Path) -> Claimed:
    return make_box(short_dir / "box", currency="EUR", time_zone="Europe/Berlin")


@pytest.fixture
def edge(short_dir: Path, claimed: Claimed, make_edge: Callable[..., EdgeBox]) -> EdgeBox:
    box = make_edge(short_dir / "box")
    box.start_serve()
    load_menu(box)
    return box


@pytest.fixture
def stick(short_dir: Path) -> Path:
    (short_dir / "stick").mkdir()
    return short_dir / "stick"


@pytest.fixture
def mirror(edge: EdgeBox, stick: Path, make_program: Callable[..., Program]) -> Program:
    return make_program("mirror", "edge", "mirror", stick, "--data-dir", edge.data_dir, "--same-disk")


def _order(edge: EdgeBox) -> None:
    check_id = new_id()
    for command in (
        {"type": "OpenCheck", "check_id": check_id, "covers": 2},
        {"type": "AddLine", "check_id": check_id, "line_id": new_id(), "item_id": "soup", "quantity": 1},
    ):
        httpx.post(f"{edge.url}/v1/commands", json={"id": new_id(), "command": command}).raise_for_status()


def _on_box(edge: EdgeBox) -> list[StoredEntry]:
    connection = sqlite3.connect(f"file:{edge.data_dir / 'journal.db'}?mode=ro", uri=True)
    try:
        return [StoredEntry(*row) for row in connection.execute("SELECT epoch, sequence, hash, entry FROM journal ORDER BY sequence")]
    finally:
        connection.close()


def _on_stick(stick: Path, claimed: Claimed) -> list[StoredEntry]:
    path = stick / claimed.site_id / JOURNAL
    return [entry for run in Walk(path).runs() for entry in run] if path.exists() else []


def _has_all(edge: EdgeBox, stick: Path, claimed: Claimed) -> bool:
    return _on_stick(stick, claimed) == _on_box(edge)


def test_a_mirror_that_is_killed_in_the_middle_goes_on_where_its_file_ends(edge, stick, mirror, claimed):
    mirror.start()
    for _ in range(4):
        before = len(_on_stick(stick, claimed))
        _order(edge)
        eventually(lambda before=before: len(_on_stick(stick, claimed)) > before, "the order is mirrored")
        mirror.kill()
        _order(edge)
        mirror.start()
    eventually(lambda: _has_all(edge, stick, claimed), "the mirror has everything again")
    found = run_json("edge", "mirror", stick, "--check")
    assert [(each["site_id"], each["problem"], each["torn_bytes"]) for each in found] == [(claimed.site_id, "", 0)]


def test_a_stick_that_is_pulled_is_waited_for_and_caught_up_with(edge, stick, mirror, claimed):
    mirror.start()
    eventually(lambda: _has_all(edge, stick, claimed), "the mirror has everything")
    stick.rename(stick.with_name("pocket"))
    _order(edge)
    eventually(lambda: "mirror.missing" in mirror.log_text(), "it says that the stick is not there")
    _order(edge)
    stick.with_name("pocket").rename(stick)
    eventually(lambda: _has_all(edge, stick, claimed), "the mirror has everything again", deadline_s=30.0)


def test_a_box_that_came_back_with_less_begins_another_file_and_what_it_lacks_is_kept(edge, stick, mirror, claimed, make_edge):
    _order(edge)
    mirror.start()
    eventually(lambda: _has_all(edge, stick, claimed), "the mirror has everything")
    before = _on_box(edge)
    edge.stop()
    for path in edge.data_dir.glob("journal.db*"):
        path.unlink()
    again = make_edge(edge.data_dir)
    again.start_serve()
    eventually(lambda: _has_all(again, stick, claimed), "a new file holds the new journal")
    (kept,) = (stick / claimed.site_id).glob("forked-*.mirror")
    assert [entry for found in Walk(kept).runs() for entry in found] == before
    again.stop()


def test_a_directory_on_the_disk_of_the_journal_is_waited_with_unless_it_is_meant(edge, stick, make_program):
    program = make_program("mirror", "edge", "mirror", stick, "--data-dir", edge.data_dir)
    program.start()
    eventually(lambda: "mirror.same_disk" in program.log_text(), "it says that no other disk is mounted there")
    assert list(stick.iterdir()) == []


def test_a_damaged_mirror_and_a_directory_without_one_are_told_apart(edge, stick, mirror, claimed):
    _order(edge)
    mirror.start()
    eventually(lambda: _has_all(edge, stick, claimed), "the mirror has everything")
    mirror.stop()
    path = stick / claimed.site_id / JOURNAL
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    assert json.loads(run("edge", "mirror", stick, "--check", "--json").stdout)[0]["torn_bytes"] > 0
    path.unlink()
    done = run("edge", "mirror", stick, "--check")
    assert done.returncode == 1
    assert "mirror.missing" in done.stderr
