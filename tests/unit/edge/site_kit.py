"""A site over a real journal file, for tests of the edge: a clock that the test moves, and a store that fails when told to.

What lives here: what several tests of the edge stand on. The chain is checked by code of its own, so that a mistake in the
product's hashing is not made twice.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from edge.app.ports import CommitUnknownError, StorageFullError, Write
from edge.app.site import BOX, BoxIdentity, Committed, Device, Outcome, RefusedCommand, Request, Site
from edge.journal.store import SqliteStore
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.menu import menu_version
from shared.domain.registry import ROLES
from shared.domain.site import ApplyMenu
from shared.protocol.session import Accepted, Submit
from tests.unit.shared.domain.world import MENU, NOON, ORG, SITE, name_id

__all__ = ["POS", "FailingStore", "SiteKit", "device", "entries_of", "ensure_whole", "identity", "refusal", "submit"]


def identity(**fields: Any) -> BoxIdentity:
    """The claim of the test's box."""
    base = {"org_id": ORG, "site_id": SITE, "epoch": 1, "currency": "EUR", "time_zone": "Europe/Berlin", "cut_over_minutes": 240}
    return BoxIdentity(**(base | fields))


def device(role: str, name: str = "") -> Device:
    return Device(device_id=name_id(name or role), permissions=ROLES[role])


POS = device("pos")


def submit(command: Command | bytes, id: str = "", actor_id: str = "") -> Submit:
    """A command as a device sends it; its id comes from the command unless one is given."""
    body = command if isinstance(command, bytes) else msgspec.json.encode(command)
    return Submit(id=id or derived_id("command", body.decode("utf-8", "replace")), command=msgspec.Raw(body), actor_id=actor_id)


def refusal(outcome: Outcome) -> str:
    """The code of a refusal; fails for an acceptance."""
    assert isinstance(outcome, RefusedCommand), f"accepted: {outcome}"
    return outcome.error.code


class FailingStore(SqliteStore):
    """A journal file whose commits fail as told: `fail` runs in place of the commit and is then forgotten."""

    fail: Callable[["FailingStore", Write], None] | None = None
    unopenable: bool = False

    def commit(self, write: Write) -> None:
        fail, self.fail = self.fail, None
        if fail is None:
            super().commit(write)
        else:
            fail(self, write)

    def reopen(self) -> None:
        if self.unopenable:
            raise sqlite3.OperationalError("disk I/O error")
        super().reopen()

    def lose_power_before_commit(self, write: Write) -> None:
        raise CommitUnknownError("disk I/O error")

    def commit_and_fail_to_say_so(self, write: Write) -> None:
        """The transaction is on disk, and the error comes after it."""
        SqliteStore.commit(self, write)
        raise CommitUnknownError("disk I/O error")

    def run_full(self, write: Write) -> None:
        raise StorageFullError("database or disk is full")


class SiteKit:
    """One site, its clock, and the ordinary moves."""

    def __init__(self, directory: Path, **fields: Any) -> None:
        self.path = directory / "journal.db"
        self.identity = identity(**fields)
        self.now = NOON
        self.store = FailingStore(self.path)
        self.site = Site(self.identity, self.store, lambda: self.now)
        self.site.start()

    def load_menu(self) -> str:
        """Put the test's menu in force; its version."""
        version = menu_version(MENU)
        self.site.put_menu(version, msgspec.json.encode(MENU, order="deterministic"))
        self.one(ApplyMenu(version=version), by=BOX)
        return version

    def close(self) -> None:
        self.store.close()

    def restart(self, **fields: Any) -> "SiteKit":
        """Close and open the same file, perhaps under another claim."""
        self.close()
        again = SiteKit(self.path.parent, **(msgspec.structs.asdict(self.identity) | fields))
        again.now = self.now
        return again

    def wait(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def group(self, *requests: Request) -> tuple[list[Outcome], Committed | None]:
        return self.site.execute(requests)

    def batch(self, *commands: Command | Submit, by: Device = POS) -> Outcome:
        """One request, alone in its group."""
        outcomes, _ = self.site.execute([request(*commands, by=by)])
        return outcomes[0]

    def one(self, command: Command | Submit, by: Device = POS) -> Accepted:
        """One command that must be accepted."""
        outcome = self.batch(command, by=by)
        assert isinstance(outcome, tuple), f"refused: {outcome}"
        return outcome[0]

    def refused(self, command: Command | Submit, by: Device = POS) -> str:
        return refusal(self.batch(command, by=by))

    def entries(self) -> list[tuple[int, bytes, dict[str, Any]]]:
        """(epoch, hash, entry) of the whole journal, read past the store."""
        return list(entries_of(self.path))


def request(*commands: Command | Submit, by: Device = POS) -> Request:
    return Request(device=by, commands=tuple(each if isinstance(each, Submit) else submit(each) for each in commands))


def service(name: str, items: Sequence[str] = ("soup",)) -> list[Command]:
    """A check from opening to close."""
    check_id = name_id(name)
    lines = [AddLine(check_id=check_id, line_id=name_id(f"{name}/{index}"), item_id=item) for index, item in enumerate(items)]
    return [
        OpenCheck(check_id=check_id, table_id="1"), *lines, SendCheck(check_id=check_id),
        PayCash(check_id=check_id, tendered_minor=10**6), CloseCheck(check_id=check_id),
    ]  # fmt: skip


def entries_of(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """(epoch, hash, entry) of every row of a journal file; fails where sequence or chain is broken."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        yield from ensure_whole(connection.execute("SELECT sequence, epoch, hash, entry FROM journal ORDER BY sequence").fetchall())
    finally:
        connection.close()


def ensure_whole(rows: Sequence[tuple[int, int, bytes, bytes]]) -> list[tuple[int, bytes, dict[str, Any]]]:
    """The entries of rows (sequence, epoch, hash, entry), after proving that they are one gapless chain. Knows no product code."""
    before = bytes(32)
    found: list[tuple[int, bytes, dict[str, Any]]] = []
    for expected, (sequence, epoch, hash, data) in enumerate(rows, start=1):
        assert sequence == expected, f"entry {expected} is missing, {sequence} follows"
        before = hashlib.sha256(b"comanda.entry.v1\x00" + before + data).digest()
        assert before == hash, f"the chain breaks at {sequence}"
        entry = msgspec.json.decode(data)
        assert (entry["sequence"], entry["epoch"]) == (sequence, epoch)
        found.append((epoch, hash, entry))
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
