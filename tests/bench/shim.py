"""Disks of other speeds: a shared object for LD_PRELOAD that makes every sync take longer.

What lives here: building it with the C compiler of the machine, and the environment that applies it. What is measured under
it is not known here.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from shared.operator_error import OperatorError

__all__ = ["DISKS", "Disk", "disk_env"]

Disk = int
"""Microseconds added to every sync; 0 is the disk of this machine, untouched."""

DISKS: dict[Disk, str] = {0: "this disk", 2_000: "2 ms", 10_000: "10 ms"}
_SOURCE = Path(__file__).with_name("slow_sync.c")


@cache
def build(directory: Path) -> Path:
    """The shared object. Raises OperatorError `bench.no_compiler` or `bench.build_failed`."""
    compiler = next((found for name in (os.environ.get("CC", ""), "cc", "gcc", "clang") if name and (found := shutil.which(name))), None)
    if compiler is None:
        raise OperatorError("bench.no_compiler", "There is no C compiler here.", "Install one (apt install gcc) to measure slower disks.")
    target = directory / "slow_sync.so"
    argv = [compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(target), str(_SOURCE), "-ldl"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OperatorError("bench.build_failed", done.stderr.strip(), f"See what {compiler} says of {_SOURCE.name}.")
    return target


def disk_env(disk: Disk, directory: Path) -> dict[str, str]:
    """What to add to the environment of a process that is to write to this disk; `directory` keeps the shared object."""
    return {"LD_PRELOAD": str(build(directory)), "BENCH_SYNC_US": str(disk)} if disk else {}
