"""A simulated shard and control database, under the ports of hub/ingest: they crash, go down, and are restored from older backups.

What lives here: what databases do to those who stand on them. The tables are those of tests/support/memory_hub.py; every one of them
is in a backup, whatever it holds.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.support.memory_hub import MemoryRegistry, MemoryShard

__all__ = ["Crashed", "SimRegistry", "SimShard"]


class Crashed(BaseException):
    """The process that worked on the shard died at this very step. Like a real death it is caught by nobody around it."""


Tables = dict[str, Any]


def _copy_of(value: Any) -> Any:
    """Rows are immutable; only the containers have to be copied."""
    if isinstance(value, dict):
        return {key: _copy_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copy_of(each) for each in value]
    return set(value) if isinstance(value, set) else value


def _tables(of: object, besides: set[str]) -> Tables:
    return {name: _copy_of(value) for name, value in vars(of).items() if isinstance(value, dict | list | set) and name not in besides}


class SimShard(MemoryShard):
    """`hazard(stage)` is called "before" and "after" each commit and may raise Crashed."""

    def __init__(self, hazard: Callable[[str], None], name: str = "s1") -> None:
        super().__init__(name)
        self._hazard = hazard
        self.restores = 0

    async def incarnation(self) -> str:
        await super().incarnation()
        return self.current

    @property
    def current(self) -> str:
        return f"incarnation-{self.restores}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with super().transaction() as draft:
            yield draft
            self._hazard("before")
        self._hazard("after")

    def back_up(self) -> Tables:
        return _tables(self, set())

    def restore(self, tables: Tables) -> None:
        """What is not in the backup is gone; a new incarnation begins."""
        self.restores += 1
        for name, value in _tables(self, set()).items():
            setattr(self, name, type(value)())
        for name, value in tables.items():
            setattr(self, name, _copy_of(value))


class SimRegistry(MemoryRegistry):
    """The control database as ingest sees it."""

    def back_up(self) -> Tables:
        return _tables(self, {"forgotten"})

    def restore(self, tables: Tables) -> None:
        for name, value in tables.items():
            setattr(self, name, _copy_of(value))
