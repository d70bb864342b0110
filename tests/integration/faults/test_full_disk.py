"""A disk that runs full under the journal: a small real filesystem, mounted where only the edge's process sees it.

What lives here: the mount and one story on it. The mount lives in the process's own namespace, so it is gone when it ends.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec
import pytest

from provisioning.process import Child, free_port
from shared.domain.check import AddLine, OpenCheck
from tests.integration.edge.till import body_of, order
from tests.support.boxes import make_box, new_id
from tests.support.programs import COMANDA
from tests.support.waiting import eventually
from tests.unit.edge.site_kit import ensure_whole
from tests.unit.shared.domain.world import MENU

SIZE = 6 * 1024 * 1024
_ENTER = 'mount -t tmpfs -o size="$1" tmpfs "$2" && cp -a "$3/." "$2" && shift 3 && exec "$@"'
_NAMESPACES = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))


def own_mount() -> tuple[str, ...]:
    """The command that gives a process a mount namespace of its own, by whichever way this machine allows."""
    said = []
    for enter in _NAMESPACES[os.geteuid() != 0 :]:
        tried = subprocess.run([*enter, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return enter
        said.append(tried.stderr.strip())
    pytest.fail(f"A small filesystem can be mounted neither as root nor in a user namespace here: {'; '.join(said)}", pytrace=False)


class SmallDisk:
    """An edge whose data directory lies on a filesystem of its own."""

    def __init__(self, directory: Path) -> None:
        papers, mount = directory / "papers", directory / "disk"
        mount.mkdir()
        make_box(papers, currency="EUR", time_zone="Europe/Berlin")
        self.port = free_port()
        argv = [*own_mount(), "sh", "-c", _ENTER, "sh", str(SIZE), mount, papers]
        serve = [*COMANDA, "edge", "serve", "--data-dir", mount, "--port", str(self.port)]
        self.child = Child("serve", [*argv, *serve], directory / "serve.log")
        self._mount = mount

    @property
    def data_dir(self) -> Path:
        """The directory as we reach it: through the process that sees the mount."""
        return Path(f"/proc/{self.child.pid}/root") / self._mount.relative_to("/")

    def start(self) -> None:
        self.child.start()
        url = f"http://127.0.0.1:{self.port}/readyz"

        def is_ready() -> bool:
            try:
                return httpx.get(url, timeout=2).is_success
            except httpx.HTTPError:
                return False

        self.child.wait_ready(is_ready)

    def fill(self, leave: int = 0) -> None:
        """Write a file until the disk is full, then take `leave` bytes off it again."""
        with (self.data_dir / "ballast").open("ab", buffering=0) as ballast:
            for size in (1024 * 1024, 4096, 1):
                try:
                    while True:
                        ballast.write(b"\0" * size)
                except OSError:
                    continue
            ballast.truncate(max(0, ballast.tell() - leave))

    def journal(self) -> list[tuple[int, int, bytes, bytes]]:
        """(sequence, epoch, hash, entry) of every row, as SQLite recovers them from a copy of the files: SQLite itself would follow
        the path out of the process's namespace into ours."""
        copy = Path(tempfile.mkdtemp(dir=self._mount.parent))
        for name in ("journal.db", "journal.db-wal"):
            shutil.copy(self.data_dir / name, copy)
        connection = sqlite3.connect(copy / "journal.db")
        try:
            return connection.execute("SELECT sequence, epoch, hash, entry FROM journal ORDER BY sequence").fetchall()
        finally:
            connection.close()

    def free(self) -> None:
        (self.data_dir / "ballast").unlink()


@pytest.fixture
def disk(short_dir: Path, stack: ExitStack) -> SmallDisk:
    made = SmallDisk(short_dir)
    stack.callback(made.child.stop)
    made.start()
    return made


@pytest.fixture
def client(disk: SmallDisk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{disk.port}", timeout=10) as made:
        yield made


@pytest.fixture
def box(disk: SmallDisk) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(disk.data_dir / "edge.sock"))
    with httpx.Client(transport=transport, base_url="http://box", timeout=10) as made:
        yield made


def test_a_full_disk_refuses_clearly_shows_everything_and_needs_no_restart(
    disk: SmallDisk, client: httpx.Client, box: httpx.Client
) -> None:
    assert box.put("/v1/menu", content=msgspec.json.encode(MENU)).status_code == 200
    for each in order():
        assert client.post("/v1/commands", json=body_of(each)).status_code == 200
    disk.fill(leave=96 * 1024)

    accepted: list[httpx.Response] = []
    check_id = new_id()
    client.post("/v1/commands", json=body_of(OpenCheck(check_id=check_id)))

    def one_more() -> httpx.Response | None:
        body = body_of(AddLine(check_id=check_id, line_id=new_id(), item_id="soup", note="é" * 500))
        answer = client.post("/v1/commands", json=body)
        if answer.status_code == 200:
            accepted.append(answer)
            return None
        refused_bodies.append(body)
        return answer

    refused_bodies: list[dict[str, object]] = []
    answer = eventually(one_more, "the disk is full")
    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
    assert answer.json()["hint"]
    assert accepted, "there was room for some"

    # Again and again it is the same answer, and nothing of what is refused is in the journal.
    head = client.get("/v1/status").json()["head"]
    for _ in range(5):
        again = client.post("/v1/commands", json=refused_bodies[0])
        assert (again.status_code, again.json()["code"]) == (507, "storage.full")
    several = {"commands": [body_of(each) for each in order()]}
    assert client.post("/v1/batches", json=several).status_code == 507
    menu = msgspec.json.encode(msgspec.structs.replace(MENU, name="Dinner", tables=tuple(f"table {number}" for number in range(1000))))
    answer = box.put("/v1/menu", content=menu)
    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
    assert client.get("/v1/status").json()["head"] == head

    # Reads go on.
    status = client.get("/v1/status").json()
    assert "storage.critical" in status["alarms"]
    assert len(client.get(f"/v1/checks/{check_id}").json()["lines"]) == len(accepted)
    assert client.get("/v1/sales").json()["total"]["orders"] == 1
    assert len(client.get("/v1/tickets").json()["tickets"]) == 2
    entries = ensure_whole(disk.journal())
    assert len(entries) == status["sequence"]
    assert entries[-1][2]["command"] == accepted[-1].json()["command_id"]
    assert box.get("/v1/feed", params={"after": "", "limit": 1}).status_code == 200

    # With space again, the refused command goes through under its own id, in the same process.
    pid = disk.child.pid
    disk.free()
    answer = client.post("/v1/commands", json=refused_bodies[0])
    assert answer.status_code == 200, answer.text
    assert client.post("/v1/commands", json=refused_bodies[0]).content == answer.content
    assert client.post("/v1/batches", json=several).status_code == 200
    assert client.get("/readyz").status_code == 200
    assert disk.child.is_running
    assert disk.child.pid == pid
    rows = ensure_kept(disk, accepted)
    assert len(rows) == client.get("/v1/status").json()["sequence"]


def ensure_kept(disk: SmallDisk, accepted: list[httpx.Response]) -> list[tuple[int, int, bytes, bytes]]:
    """The journal is whole, and each of the answers stands in it once."""
    rows = disk.journal()
    commands = [entry["command"] for _, _, entry in ensure_whole(rows)]
    for answer in accepted:
        assert commands.count(answer.json()["command_id"]) == 1
    return rows


def test_a_disk_that_is_full_when_the_box_starts_is_told_in_words(short_dir: Path, stack: ExitStack) -> None:
    disk = SmallDisk(short_dir)
    stack.callback(disk.child.stop)
    (short_dir / "papers" / "ballast").write_bytes(b"\0" * (SIZE - 64 * 1024))
    disk.child.start()
    eventually(lambda: not disk.child.is_running, "it ends")
    said = (short_dir / "serve.log").read_text()
    assert disk.child.exit_code == 1
    assert "Traceback" not in said
    assert "error: " in said
    assert "hint: " in said
