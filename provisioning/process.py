"""Child processes that are never left behind: started in a group of their own, stopped in order, dead with their parent.

What lives here: starting, asking to stop, killing, and waiting on a condition with a deadline. What the programs do is
not known here. Start children from the main thread: the kernel's parent-death signal follows the thread that forked.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shared.limits import POLL_INTERVAL_S, PROCESS_STOP_TIMEOUT_S, SERVER_START_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["Child", "children_of", "dies_with_parent", "free_port", "is_alive", "is_listening", "tail", "wait_until"]

_TAIL_LINES = 8  # lines of a log that an error shows


def dies_with_parent(argv: Sequence[str | Path], stop_signal: signal.Signals) -> list[str]:
    """`argv` with the request to the kernel (PR_SET_PDEATHSIG) to send `stop_signal` when we die; unchanged without setpriv."""
    setpriv = shutil.which("setpriv")
    prefix = [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG")] if setpriv else []
    return [*prefix, *(str(part) for part in argv)]


class Child:
    """One program under our care. `argv` is run as given; its output is appended to `log`."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        prefix: Sequence[str] = (),
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """`env` is added to our own environment; `prefix` goes before the parent-death request (it may change credentials,
        which would void the request)."""
        self.name = name
        self.log = log
        self._argv = [*prefix, *dies_with_parent(argv, stop_signal)]
        self._env = dict(env or {})
        self._cwd = cwd
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises LookupError before the first start."""
        if self._process is None:
            raise LookupError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs or before it was started; negative for a signal, as in subprocess."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it. Raises OSError when the program cannot be run, RuntimeError when it runs already."""
        if self.is_running:
            raise RuntimeError(f"{self.name} is running already")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._env,
                cwd=self._cwd,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop our children in order
            )

    def ask_to_stop(self) -> None:
        """Send the stop signal and come back at once."""
        if self.is_running:
            os.kill(self.pid, self._stop_signal)

    def stop(self, timeout_s: float = PROCESS_STOP_TIMEOUT_S) -> bool:
        """Ask it to stop and wait; what has not ended after `timeout_s` is killed. True if it ended by itself."""
        if not self.is_running:
            return True
        self.ask_to_stop()
        deadline = time.monotonic() + timeout_s
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_S)
        by_itself = self._has_ended()
        self.kill()
        return by_itself

    def kill(self) -> None:
        """kill -9, to the whole group: as if the power of this one program had failed. Nothing of the group outlives it."""
        if self._process is None or self._process.returncode is not None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)  # our unreaped child, dead or alive, so the number is still the group's
        self._process.wait()

    def _has_ended(self) -> bool:
        """Whether the leader has ended, without reaping it: its number must stay ours until its group is ended too."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait_ready(self, is_ready: Callable[[], bool], timeout_s: float = SERVER_START_TIMEOUT_S) -> None:
        """Wait until `is_ready()`. Raises OperatorError, with the end of the log, if it dies first or takes too long."""
        wait_until(lambda: not self.is_running or is_ready(), timeout_s, lambda: self.failure(f"did not get ready in {timeout_s:g} s"))
        if not self.is_running:
            raise self.failure(f"ended with status {self.exit_code} while starting")

    def failure(self, what: str) -> OperatorError:
        """The error that says `what` happened to this child, with the end of its log."""
        return OperatorError("process.failed", f"{self.name} {what}. {tail(self.log)}", f"Read its log: {self.log}")


def wait_until(is_met: Callable[[], bool], timeout_s: float, failure: Callable[[], Exception]) -> None:
    """Ask `is_met()` again and again until it is so. Raises `failure()` after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not is_met():
        if time.monotonic() > deadline:
            raise failure()
        time.sleep(POLL_INTERVAL_S)


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log, or nothing when there is none."""
    if not log.exists():
        return ""
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])


def children_of(pid: int) -> list[int]:
    """The processes that a process of ours has started and that run (Linux); none for one that has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(pid: int) -> bool:
    """Whether a process runs (Linux); one that has ended and was not reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there now."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
