"""One run of the bench: its directory, its length, what it says meanwhile, and what went wrong.

What lives here: what all benches share. What they measure is not known here.
"""

import itertools
import sys
import time
from pathlib import Path

from tests.bench.figures import Value

__all__ = ["Run"]


class Run:
    """`quick` makes everything short: to see that the bench works, not to quote."""

    def __init__(self, directory: Path, setting: dict[str, Value], *, quick: bool = False) -> None:
        self.directory = directory
        self.quick = quick
        self.rounds = 1 if quick else 3
        self.setting = setting | {"quick": quick}
        self.failures: list[str] = []
        self._began = time.monotonic()
        self._numbers = itertools.count(1)

    def seconds(self, whole: float) -> float:
        """How long to measure what a whole run measures for `whole` seconds."""
        return whole / 4 if self.quick else whole

    def fresh(self, name: str) -> Path:
        """A new directory."""
        path = self.directory / f"{name}{next(self._numbers)}"
        path.mkdir(mode=0o700)
        return path

    def say(self, what: str) -> None:
        """Progress, for whoever looks."""
        print(f"[{time.monotonic() - self._began:5.0f} s] {what}", file=sys.stderr, flush=True)

    def fail(self, what: str) -> None:
        """Something was not measured: the run goes on and ends with status 1."""
        self.failures.append(what)
        self.say(f"FAILED: {what}")
