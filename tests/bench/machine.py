"""The machine under the bench: what it is, how busy others keep it, and how much of it each process takes.

What lives here: reading /proc and timing one sync. What is measured meanwhile is not known here.
"""

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.bench.figures import Value

__all__ = ["cpu_s", "describe", "family_cpu_s", "foreign_cpu_share", "machine_cpu", "peak_mb"]

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(*pids: int) -> float:
    """CPU seconds, user and system, that these processes have taken so far; ones that are gone count nothing."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) * _TICK_S
    return total


def _family(pid: int) -> list[int]:
    """A process and all its descendants: a Postgres with its backends."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def family_cpu_s(pid: int) -> float:
    """CPU seconds of a process, its living descendants, and those of them that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return cpu_s(*_family(pid)) + (int(fields[13]) + int(fields[14])) * _TICK_S


def peak_mb(*pids: int) -> float:
    """The peak of resident memory of these processes together, in MB; shared pages count for each."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1])
    return round(total / 1024, 1)


def machine_cpu() -> float:
    """CPU seconds that the whole machine has been busy."""
    user, nice, system, _idle, _wait, irq, soft, steal = (
        int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) * _TICK_S


def foreign_cpu_share(busy_s: float, ours_s: Iterable[float], wall_s: float) -> float:
    """Which share of the machine somebody else took: noise."""
    return round(max(0.0, busy_s - sum(ours_s)) / (wall_s * (os.cpu_count() or 1)), 3)


def describe(directory: Path) -> dict[str, Value]:
    """What stands in every figure's setting. `directory` is where the bench works."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "disk_sync_us": round(_sync_us(directory)),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _sync_us(directory: Path) -> float:
    """Median time of one fdatasync after a write of 4 KiB."""
    times: list[float] = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    return median(times)
