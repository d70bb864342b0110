"""`python -m tests.corpus.freeze v0.2`: write down a journal and frames of this release, for every later one to read.

What lives here: the writing. A version that is frozen is never written again: what is in the field cannot be changed either.
"""

import base64
import hashlib
import json
import re
import sqlite3
import sys
from pathlib import Path

import click
import msgspec

from edge.journal.schema import migrate
from shared.domain.check import Check
from shared.domain.check.books import NO_SALES, Sales, sales_of
from shared.domain.menu import menu_document
from shared.domain.registry import EVENTS, STATE_FORMAT
from shared.protocol.entry import decode_entry
from tests.corpus.house import HOUSE
from tests.corpus.reading import Follower
from tests.corpus.scene import MENU, PUBLIC_KEY, Scene

__all__ = ["freeze"]

ROOT = Path(__file__).parent


def freeze(directory: Path) -> None:
    """Write a version into a new directory. Raises FileExistsError if it is there."""
    scene = Scene()
    follower = Follower()
    entries = scene.entries
    seen: set[str] = set()
    for stored in entries:
        entry = decode_entry(stored.entry)
        seen.add(json.loads(bytes(entry.event))["type"])
        follower.take(entry)
    if seen != set(EVENTS):
        raise AssertionError(f"the scene lacks {sorted(set(EVENTS) - seen)}: add it to scene.py")
    days: dict[str, Sales] = {}
    for state in follower.states.values():
        if isinstance(state, Check) and sales_of(state) != NO_SALES:
            days[state.business_date] = days.get(state.business_date, NO_SALES) + sales_of(state)
    directory.mkdir(parents=True)
    _write(directory / "journal.json", [[e.epoch, e.sequence, e.hash.hex(), e.entry.decode()] for e in entries])
    _write(directory / "state.json", {f"{kind} {id}": msgspec.to_builtins(state) for (kind, id), state in sorted(follower.states.items())})
    _write(directory / "sales.json", {date: msgspec.to_builtins(sales) for date, sales in sorted(days.items())})
    _write(
        directory / "commands.json", {n: {"body": b.decode(), "digest": hashlib.sha256(b).hexdigest()} for n, b in scene.commands.items()}
    )
    frames = {name: base64.b64encode(data).decode() for name, data in scene.frames().items()}
    _write(directory / "frames.json", {"key": PUBLIC_KEY, "frames": frames})
    (directory / "menu.json").write_bytes(menu_document(HOUSE) + b"\n")
    (directory / "menu-before.json").write_bytes(msgspec.json.encode(MENU) + b"\n")  # what was in force before it
    (directory / "journal.sql").write_text(_tables(), encoding="utf-8")


def _tables() -> str:
    """The tables of a journal file as this release makes them, for a later one to be started on."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection)
        connection.execute("UPDATE _sqlite_migrations SET applied_at = '2026-10-24 16:30:00.000000+00:00'")
        head = "-- The tables of a journal file as this release made them. Frozen: what is in the field cannot be changed."
        return "\n".join([head, *connection.iterdump(), f"PRAGMA user_version = {STATE_FORMAT};", ""])
    finally:
        connection.close()


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=isinstance(value, dict)) + "\n", encoding="utf-8")


@click.command(epilog="\b\nExample: python -m tests.corpus.freeze v0.2")
@click.argument("version")
def main(version: str) -> None:
    """Freeze this release's journal and frames under VERSION, such as v0.2. A frozen version is never overwritten."""
    if not re.fullmatch(r"v[0-9]+\.[0-9]+", version):
        click.echo(f"error: corpus.version: {version!r} is no version.\nhint: write it as v0.2", err=True)
        sys.exit(2)
    try:
        freeze(ROOT / version)
    except FileExistsError:
        click.echo(
            f"error: corpus.frozen: {version} is frozen already.\nhint: what is in the field cannot be changed; freeze the next.", err=True
        )
        sys.exit(1)
    click.echo(f"corpus: froze {version}")


if __name__ == "__main__":
    main()
