"""The demo, as a newcomer runs it: timed and judged, then by hand with a line cut and healed, then forgotten."""

import json
import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from provisioning.demo.plan import PORTS_USED, SITES, Ports
from provisioning.process import is_listening
from tests.support.leftovers import free_block, processes_naming
from tests.support.programs import COMANDA, run
from tests.support.waiting import eventually

TIMED_S = 15
START_S = 90.0  # deadline for a demo to come up on a busy machine


class _Demo:
    """A demo in a directory of its own on ports of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "demo"
        self.ports = Ports(free_block(PORTS_USED))
        self.env = {"COMANDA_DEMO_DIR": str(self.directory), "DEMO_PORT_BASE": str(self.ports.base)}
        self.output = directory / "output.txt"

    def run(self, *arguments: str, timeout_s: float = 60.0, **env: str) -> subprocess.CompletedProcess[str]:
        return run("demo", *arguments, env=self.env | env, timeout_s=timeout_s)

    def start(self) -> subprocess.Popen[bytes]:
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [*COMANDA, "demo", "up"], env=os.environ | self.env, stdout=output, stderr=output, start_new_session=True
            )

    def status(self) -> dict:
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def site(self, key: str) -> dict:
        return next(site for site in self.status()["sites"] if site["site"] == key)

    def ensure_nothing_left(self) -> None:
        eventually(lambda: not processes_naming(str(self.directory)), "no process of the demo is left")
        assert [port for port in self.ports.all().values() if is_listening(port)] == []
        assert not (self.directory / "control.sock").exists()


@pytest.fixture
def demo(short_dir: Path) -> _Demo:
    return _Demo(short_dir)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever the test came to: no demo outlives it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.mark.timeout(300)
def test_a_timed_demo_proves_itself_and_goes_on_with_its_data(demo: _Demo, stack: ExitStack):
    done = demo.run("up", timeout_s=TIMED_S + 150, DEMO_SECONDS=str(TIMED_S))
    last = done.stdout.splitlines()[-1]
    assert (done.returncode, last.partition(":")[0]) == (0, "demo"), done.stdout + done.stderr
    assert last.startswith("demo: ok: 3 sites"), last
    assert re.search(r"gross EUR \d+\.\d\d, USD \d+\.\d\d", last), last
    assert re.search(r"cut off for [4-9]\.\d s with [1-9]\d* entries held back", last), last
    demo.ensure_nothing_left()

    process = demo.start()
    stack.callback(_end, process)
    eventually(
        lambda: process.poll() is not None or "Ctrl-C stops everything" in demo.output.read_text(), "it starts again", deadline_s=START_S
    )
    assert process.poll() is None, demo.output.read_text()
    before = demo.status()
    assert sum(site["sequence"] for site in before["sites"]) >= int(re.search(r"(\d+) entries, gross", last)[1])  # type: ignore[index]
    assert {len(site["site_id"]) for site in before["sites"]} == {36}
    for site in before["sites"]:
        assert httpx.get(f"{site['url']}/healthz").is_success
    assert httpx.get(f"{before['hub_url']}/v1/sites", headers={"Authorization": f"Bearer {before['token']}"}).is_success

    _cut_and_heal(demo)

    second = demo.run("up")
    assert second.returncode == 1
    assert "error: demo.running:" in second.stderr
    process.send_signal(signal.SIGINT)
    assert process.wait(60.0) == 0, demo.output.read_text()
    demo.ensure_nothing_left()
    assert demo.run("clean").returncode == 0
    assert not demo.directory.exists()


def _cut_and_heal(demo: _Demo) -> None:
    key = SITES[0].key
    assert demo.run("cut", key).returncode == 0
    held = eventually(
        lambda: (site := demo.site(key)) and site["cut"] and (site["lag_entries"] or 0) >= 5 and site, "entries are held back"
    )
    assert demo.run("heal", SITES[0].name).returncode == 0
    healed = eventually(lambda: (site := demo.site(key)) and site["cloud_sequence"] >= held["sequence"] and site, "they drain to the hub")
    assert not healed["cut"]
    assert demo.run("cut", "nowhere").returncode == 1


@pytest.mark.timeout(120)
def test_a_port_in_use_is_named_and_nothing_is_started(demo: _Demo, stack: ExitStack):
    listener = stack.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", demo.ports.hub))
    listener.listen()
    done = demo.run("up")
    assert done.returncode == 1
    assert f"error: port.in_use: Port {demo.ports.hub}, meant for the hub" in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    listener.close()
    demo.ensure_nothing_left()


def test_asking_a_demo_that_does_not_run_is_a_plain_error(demo: _Demo):
    for arguments in (["status"], ["cut", "cafe"], ["heal", "cafe"]):
        done = demo.run(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("error: demo.not_")
        assert "Traceback" not in done.stderr
    assert demo.run("clean").returncode == 0
