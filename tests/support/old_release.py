"""A journal file as release 0.1 left it: its tables, its journal, its projections in its own words.

What lives here: writing the frozen corpus into a file. No code of the product writes it, so that what is tested is really old.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.corpus.scene import ORG, SITE

__all__ = ["CLAIM", "write_v01"]

_CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "v0.1"

CLAIM: dict[str, Any] = {
    "org_id": ORG,
    "site_id": SITE,
    "epoch": 2,
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "cut_over_minutes": 240,
}
"""The claim of the box whose journal it is."""


def _load(name: str) -> Any:
    return json.loads((_CORPUS / f"{name}.json").read_text(encoding="utf-8"))


def write_v01(path: Path) -> None:
    """Write such a file: it must not exist."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((_CORPUS / "journal.sql").read_text(encoding="utf-8"))
        entries = [(epoch, sequence, digest, text) for epoch, sequence, digest, text in _load("journal")]
        connection.executemany(
            "INSERT INTO journal (sequence, epoch, hash, entry) VALUES (?, ?, ?, ?)",
            [(sequence, epoch, bytes.fromhex(digest), text.encode()) for epoch, sequence, digest, text in entries],
        )
        for _, sequence, _, text in entries:
            entry = json.loads(text)
            if entry["ordinal"] == 0:
                id, digest = bytes.fromhex(entry["command"].replace("-", "")), bytes.fromhex(entry["digest"])
                connection.execute("INSERT INTO commands VALUES (?, ?, ?, ?)", (id, digest, sequence, entry["of"]))
        for key, state in _load("state").items():
            kind, _, id = key.partition(" ")
            updated = max((sequence for _, sequence, _, text in entries if id and id in text), default=len(entries))
            row = (kind, id, state.get("status") == "open", updated, json.dumps(state))
            connection.execute("INSERT INTO aggregates VALUES (?, ?, ?, ?, ?)", row)
        menu = (_CORPUS / "menu.json").read_bytes().removesuffix(b"\n")
        version = next(json.loads(text)["event"]["version"] for *_, text in entries if '"MenuApplied"' in text)
        connection.execute("INSERT INTO documents VALUES (?, 'menu', ?, '2026-10-24T16:30:00+00:00')", (version, menu))
    finally:
        connection.close()
