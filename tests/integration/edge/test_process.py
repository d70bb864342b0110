"""The process itself: starting, refusing to start, stopping, and what a restart keeps."""

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.domain.check import OpenCheck
from tests.integration.edge.till import body_of, ensure_told_truly, load_menu, tills
from tests.support.boxes import make_box, new_id
from tests.support.old_release import CLAIM, write_v01
from tests.support.programs import EdgeBox, run, run_json
from tests.support.waiting import eventually
from tests.unit.edge.site_kit import SiteKit

NewEdge = Callable[..., EdgeBox]


def refused(done: subprocess.CompletedProcess[str], code: str) -> None:
    """The program has ended with one line that says what is wrong and one that says what to do."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "hint:"))]
    assert lines[0].startswith(f"error: {code}: "), done.stderr
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2


def test_a_restart_gives_first_answers_again_and_goes_on_where_it_stood(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.start_serve()
    version = load_menu(edge)
    body = body_of(OpenCheck(check_id=new_id()))
    with httpx.Client(base_url=edge.url) as client:
        first, before = client.post("/v1/commands", json=body), client.get("/v1/status").json()
    assert edge.serve.stop(), "it stops when asked to"
    assert edge.serve.exit_code == 0
    assert not (edge.data_dir / "journal.db-wal").exists(), "the last act of the writer is to fold the WAL into the file"
    edge.start_serve()
    with httpx.Client(base_url=edge.url) as client:
        assert client.post("/v1/commands", json=body).content == first.content
        after = client.get("/v1/status").json()
        assert after["head"] == before["head"]
        assert client.get("/v1/menu").json()["version"] == version


def test_nobody_else_on_the_machine_reads_the_journal_or_asks_as_the_box(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.data_dir.chmod(0o755)  # made by a technician beforehand
    edge.start_serve()
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in edge.data_dir.iterdir() if path.name.startswith(("journal.db", "edge.sock"))
    }
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600, "edge.sock": 0o660}


def test_what_the_cloud_has_is_known_after_a_restart(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.start_serve()
    with httpx.Client(base_url=edge.url) as client:
        head = client.get("/v1/status").json()["head"]
    with edge.box_client() as box:
        report = {"position": head, "incarnation": "i", "link": "sending"}
        assert box.put("/v1/followers/cloud", json=report).status_code == 204
    edge.serve.stop()  # killed it would have forgotten up to a second of it, and been told again by the link
    edge.start_serve()
    with httpx.Client(base_url=edge.url) as client:
        cloud = client.get("/v1/status").json()["cloud"]
    assert f"1.{cloud['sequence']}." in head


def test_a_device_keeps_its_token_over_a_restart_and_the_token_is_nowhere_in_the_file(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.start_serve()
    with edge.box_client() as box:
        token = box.post("/v1/devices", json={"name": "till", "role": "manager"}).json()["token"]
    edge.serve.kill()
    edge.start_serve()
    assert httpx.get(f"{edge.url}/v1/feed", headers={"authorization": f"Bearer {token}"}).status_code == 200
    for file in edge.data_dir.iterdir():
        assert file.is_socket() or token.encode() not in file.read_bytes(), file


def test_a_second_edge_on_the_same_directory_is_refused_and_the_first_goes_on(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.start_serve()
    refused(run("edge", "serve", "--data-dir", edge.data_dir, "--port", "0", timeout_s=20), "journal.in_use")
    refused(run("edge", "rebuild", "--data-dir", edge.data_dir, timeout_s=20), "journal.in_use")
    assert httpx.get(f"{edge.url}/readyz").status_code == 200
    with edge.box_client() as box:
        assert box.get("/v1/status").status_code == 200, "the socket of the first was left to it"


def test_a_port_in_use_is_told(new_edge: NewEdge) -> None:
    edge = new_edge()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(run("edge", "serve", "--data-dir", edge.data_dir, "--port", port, timeout_s=20), "port.in_use")


def test_an_address_that_is_none_of_this_machine_is_told(new_edge: NewEdge) -> None:
    for host in ("203.0.113.7", "no.such.host.invalid"):
        refused(run("edge", "serve", "--data-dir", new_edge().data_dir, "--host", host, "--port", "0"), "address.unusable")


def test_a_file_descriptor_that_is_no_socket_is_told(new_edge: NewEdge) -> None:
    refused(run("edge", "serve", "--data-dir", new_edge().data_dir, "--fd", "99"), "fd.unusable")


def test_a_journal_that_is_no_database_is_told_by_every_command_and_left_as_it_is(new_edge: NewEdge) -> None:
    data_dir = new_edge().data_dir
    (data_dir / "journal.db").write_bytes(b"no database" * 1000)
    for command in (("serve", "--port", "0"), ("verify",), ("rebuild",)):
        refused(run("edge", *command, "--data-dir", data_dir), "journal.unusable")
    assert (data_dir / "journal.db").read_bytes() == b"no database" * 1000


def test_a_box_that_is_not_enrolled_is_told(short_dir: Path) -> None:
    refused(run("edge", "serve", "--data-dir", short_dir / "nowhere", "--port", "0"), "box.not_enrolled")
    (short_dir / "empty").mkdir()
    refused(run("edge", "serve", "--data-dir", short_dir / "empty", "--port", "0"), "box.not_enrolled")
    refused(run("edge", "link", "--data-dir", short_dir / "empty"), "box.not_enrolled")


@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({"COMANDA_EDGE_PORT": "eighty"}, "settings.invalid"),
        ({"COMANDA_EDGE_TRUST_LOOPBACK": "perhaps"}, "settings.invalid"),
        ({"COMANDA_EDGE_CONFIG": "/nonexistent/edge.toml"}, "settings.file_missing"),
        ({"COMANDA_EDGE_DATA_DIR": "/dev/null/box"}, "box.not_enrolled"),
    ],
)
def test_a_bad_setting_is_told(env: dict[str, str], code: str) -> None:
    refused(run("edge", "serve", env=env), code)


def test_a_path_too_long_for_a_socket_is_told(short_dir: Path) -> None:
    data_dir = short_dir / ("x" * 100)
    make_box(data_dir)
    refused(run("edge", "serve", "--data-dir", data_dir, "--port", "0", timeout_s=20), "socket.unusable")


def test_a_journal_that_is_none_is_told_and_left_alone(new_edge: NewEdge) -> None:
    edge = new_edge()
    journal = edge.data_dir / "journal.db"
    journal.write_bytes(b"a shopping list, " * 500)
    refused(run("edge", "serve", "--data-dir", edge.data_dir, "--port", "0", timeout_s=20), "journal.unusable")
    assert journal.read_bytes() == b"a shopping list, " * 500


def test_a_journal_under_a_higher_claim_or_of_another_site_is_told(short_dir: Path) -> None:
    box = make_box(short_dir, currency="EUR", time_zone="Europe/Berlin")
    SiteKit(short_dir, org_id=box.org_id, site_id=box.site_id, epoch=2).close()
    refused(run("edge", "serve", "--data-dir", short_dir, "--port", "0", timeout_s=20), "epoch.behind")
    make_box(short_dir, currency="EUR", time_zone="Europe/Berlin", epoch=3)
    refused(run("edge", "serve", "--data-dir", short_dir, "--port", "0", timeout_s=20), "journal.foreign")


def test_an_orderly_stop_under_load_answers_or_breaks_off_and_never_lies(new_edge: NewEdge) -> None:
    edge = new_edge()
    edge.start_serve()
    load_menu(edge)
    with tills(edge, 6) as made:
        eventually(lambda: all(len(till.answers) > 5 for till in made), "traffic")
        assert edge.serve.stop(), "it ends by itself, although tills keep asking"
        edge.start_serve()
        eventually(lambda: all(till.orders > 2 for till in made), "traffic goes on")
    edge.serve.stop()
    ensure_told_truly(edge.data_dir / "journal.db", made)
    assert "Traceback" not in edge.serve.log_text()


def test_a_box_of_the_last_release_serves_after_the_update_with_the_books_of_the_days_before(short_dir: Path, make_edge: Any) -> None:
    data_dir = short_dir / "old"
    make_box(data_dir, **CLAIM)
    write_v01(data_dir / "journal.db")
    edge = make_edge(data_dir)
    edge.start_serve()
    said = edge.serve.log_text()
    assert "format 0" in said
    assert "built anew" in said
    told = httpx.get(f"{edge.url}/v1/sales", params={"from_date": "2016-01-01", "to_date": "2026-12-31"}, timeout=10.0).json()
    assert [(day["business_date"], day["gross_minor"], day["tax_minor"]) for day in told["days"]] == [
        ("2016-10-29", 199, 13), ("2026-10-24", 5247, 594),
    ]  # fmt: skip
    checks = httpx.get(f"{edge.url}/v1/checks", timeout=10.0).json()["checks"]
    assert [(check["total_minor"], len(check["lines"])) for check in checks] == [(807, 1)]
    edge.serve.stop()
    edge.start_serve()
    assert edge.serve.log_text().count("built anew") == said.count("built anew"), "it is done once"
    edge.serve.stop()
    assert run_json("edge", "rebuild", "--check", "--data-dir", data_dir)["differences"] == []


def test_projections_of_an_older_format_can_be_compared_and_rebuilt_by_hand(short_dir: Path) -> None:
    make_box(short_dir / "old", **CLAIM)
    write_v01(short_dir / "old" / "journal.db")
    looked = run("edge", "rebuild", "--check", "--json", "--data-dir", short_dir / "old")
    assert looked.returncode == 1
    assert any(each.startswith("aggregate day") for each in json.loads(looked.stdout)["differences"])
    assert run("edge", "rebuild", "--data-dir", short_dir / "old").returncode == 1, "what differed is told"
    assert run_json("edge", "rebuild", "--check", "--data-dir", short_dir / "old")["differences"] == []
