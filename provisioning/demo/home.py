"""The demo's directory: what it remembers from one run to the next, who runs in it, what a crash left behind.

What lives here: state, lock and records of children, as files. What they mean to the demo is in runner.py.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
from pathlib import Path

import msgspec

from provisioning.demo.plan import SITES
from provisioning.files import PRIVATE_DIR, PUBLIC, make_private_dir, write_file
from provisioning.process import Child, wait_until
from shared.limits import PROCESS_STOP_TIMEOUT_S, UNIX_PATH_BYTES_MAX
from shared.operator_error import OperatorError

__all__ = ["DemoHome", "DemoState", "SiteState", "new_password"]

_MARKER = ".comanda-demo"


class SiteState(msgspec.Struct, frozen=True, kw_only=True):
    """A site as the hub knows it."""

    org_id: str
    site_id: str


class DemoState(msgspec.Struct, frozen=True, kw_only=True):
    """What is made once and kept: passwords of this demo's databases, the hub's token, the sites by key."""

    owner_password: str
    app_password: str
    token: str
    sites: dict[str, SiteState]
    port_base: int


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A child as the next run may find it: with the moment it began, its pid names it and no stranger."""

    name: str
    pid: int
    began: str


class DemoHome:
    """The directory of one demo."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.logs = self.directory / "log"
        self.nats = self.directory / "nats"
        self.postgres = self.directory / "postgres"
        self.control_socket = self.directory / "control.sock"
        self.pid_file = self.directory / "demo.pid"
        self._state_file = self.directory / "state.json"
        self._children_file = self.directory / "children.json"
        self._lock: int | None = None

    def site_dir(self, key: str) -> Path:
        return self.directory / "sites" / key

    # --- one at a time -------------------------------------------------------------------------

    def acquire(self) -> None:
        """Become the one demo of this directory. Raises OperatorError while another one is.

        The kernel holds the lock and lets go of it however we end, so a pid file of a crashed demo stops nobody.
        """
        self._ensure_ours()
        longest = max(len(bytes(self.site_dir(site.key) / "edge.sock")) for site in SITES)
        if longest > UNIX_PATH_BYTES_MAX:
            raise OperatorError("path.too_long", f"{self.directory} is too long for the Unix sockets in it.", "Choose a shorter --dir.")
        make_private_dir(self.directory)
        self.directory.chmod(PRIVATE_DIR)
        (self.directory / _MARKER).touch()
        descriptor = os.open(self.pid_file, os.O_RDWR | os.O_CREAT, PUBLIC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise OperatorError(
                "demo.running",
                f"A demo runs in {self.directory} already (process {self.running_pid()}).",
                "Stop it with Ctrl-C, or see what it does: comanda demo status",
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._lock = descriptor
        make_private_dir(self.logs)
        self.control_socket.unlink(missing_ok=True)

    def release(self) -> None:
        if self._lock is not None:
            self.pid_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def running_pid(self) -> int | None:
        """The process of the demo that runs here, or None."""
        try:
            descriptor = os.open(self.pid_file, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.read(descriptor, 32) or b"0")
        finally:
            os.close(descriptor)
        return None

    # --- what is remembered --------------------------------------------------------------------

    def state(self) -> DemoState | None:
        """The state of a demo that was set up to its end, or None."""
        try:
            return msgspec.json.decode(self._state_file.read_bytes(), type=DemoState)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise OperatorError("demo.damaged", f"{self._state_file} cannot be read: {error}", "Start anew: comanda demo clean") from error

    def save(self, state: DemoState) -> None:
        write_file(self._state_file, msgspec.json.encode(state).decode())

    def forget_unfinished(self) -> None:
        """A demo that was stopped while it was being set up knows too little to go on: what there is of it is removed."""
        if self.state() is None:
            for path in (self.nats, self.postgres, self.directory / "sites"):
                shutil.rmtree(path, ignore_errors=True)

    def clean(self) -> bool:
        """Forget everything; False when there is nothing. Raises OperatorError while it runs, or if it is not ours."""
        if not self.directory.exists():
            return False
        self._ensure_ours()
        self.acquire()
        self.end_leftovers()
        shutil.rmtree(self.directory)
        self.release()
        return True

    def _ensure_ours(self) -> None:
        if self.directory.exists() and any(self.directory.iterdir()) and not (self.directory / _MARKER).exists():
            raise OperatorError("demo.not_ours", f"{self.directory} holds something else than a demo.", "Choose another --dir.")

    # --- what a crash leaves behind ------------------------------------------------------------

    def record(self, children: list[Child]) -> None:
        """Write down the children that run, so that the next run can end what outlived a crash of this one."""
        records = [_Record(name=child.name, pid=child.pid, began=_began(child.pid)) for child in children if child.is_running]
        write_file(self._children_file, msgspec.json.encode(records).decode())

    def end_leftovers(self) -> list[str]:
        """End the recorded children that still run; their names. A pid that now belongs to somebody else is let be."""
        try:
            records = msgspec.json.decode(self._children_file.read_bytes(), type=list[_Record])
        except (OSError, msgspec.MsgspecError):
            return []  # no record, or one cut short by the crash: the kernel has ended our children with us
        ours = [record for record in records if record.began and _began(record.pid) == record.began]
        for record in ours:
            with contextlib.suppress(ProcessLookupError):  # it may end by itself meanwhile
                os.kill(record.pid, signal.SIGKILL)
        for record in ours:
            failure = OperatorError("demo.lingers", f"{record.name} (process {record.pid}) does not end.", "End it, then start again.")
            wait_until(lambda record=record: _began(record.pid) != record.began, PROCESS_STOP_TIMEOUT_S, lambda failure=failure: failure)
        self._children_file.unlink(missing_ok=True)
        return [record.name for record in ours]


def new_password() -> str:
    return secrets.token_urlsafe(18)


def _began(pid: int) -> str:
    """Boot and clock tick at which a process began, which with its pid names it for ever; empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{boot}/{fields[19]}"
