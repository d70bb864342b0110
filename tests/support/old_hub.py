"""A shard as release 0.1 of the hub left it, and that release's projector at work beside a newer one.

What lives here: the frozen statements of that release over the frozen corpus. No code of the product takes part in it, so that what
is tested is really old.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from tests.corpus.scene import ORG, SITE
from tests.support.postgres import Database

__all__ = ["ORG", "SITE", "OldHub", "frozen_entries"]

_CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "v0.1"


def _load(name: str) -> Any:
    return json.loads((_CORPUS / f"{name}.json").read_text(encoding="utf-8"))


def _statements(name: str) -> dict[str, str]:
    parts = (_CORPUS / f"{name}.sql").read_text(encoding="utf-8").split("-- name: ")
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts[1:]}


def frozen_entries() -> list[tuple[int, int, str, str]]:
    """(epoch, sequence, hash, entry) of the frozen journal."""
    return [tuple(each) for each in _load("journal")]


class OldHub:
    """A migrated shard in the words of release 0.1. Every call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._project, self._read = _statements("hub_project"), _statements("hub_read")

    async def _run(self, role: str, org_id: str, statements: list[tuple[str, tuple[Any, ...]]]) -> list[list[Any]]:
        connection = await asyncpg.connect(self._database.app_dsn, server_settings={"role": role})
        try:
            async with connection.transaction():
                await connection.execute("select set_config('app.org_id', $1, true)", org_id)
                return [list(await connection.fetch(text, *arguments)) for text, arguments in statements]
        finally:
            await connection.close()

    async def receive(self, org_id: str, site_id: str) -> None:
        """Place the organisation, and append the frozen journal as that of the site, whoever it names."""
        await self._run("comanda_platform", org_id, [("insert into placements (org_id, epoch) values ($1::text::uuid, 1)", (org_id,))])
        entries = frozen_entries()
        columns = "org_id, site_id, sequence, received_on, epoch, hash, entry"
        append = f"insert into journal ({columns}) values ($1::text::uuid, $2::text::uuid, $3, current_date, $4, $5, $6)"
        rows = [
            (append, (org_id, site_id, sequence, epoch, bytes.fromhex(digest), text.encode())) for epoch, sequence, digest, text in entries
        ]
        epoch, sequence, digest, _ = entries[-1]
        mark = "insert into watermarks (org_id, site_id, epoch, sequence, hash) values ($1::text::uuid, $2::text::uuid, $3, $4, $5)"
        await self._run("comanda_ingest", org_id, [*rows, (mark, (org_id, site_id, epoch, sequence, bytes.fromhex(digest)))])

    async def begin(self, org_id: str, site_id: str) -> None:
        await self._run("comanda_project", org_id, [(self._project["begin_cursor"], (org_id, site_id))])

    async def lock(self, org_id: str, site_id: str) -> int | None:
        """The cursor of the site, None where somebody else has it."""
        [rows] = await self._run("comanda_project", org_id, [(self._project["lock_cursor"], (org_id, site_id))])
        return rows[0]["sequence"] if rows else None

    async def project(self, org_id: str, site_id: str, sales: Mapping[str, Mapping[str, int]] | None = None) -> None:
        """Keep what that release made of the frozen journal: state, checks and sales, and the cursor at its end."""
        states = {tuple(key.split(" ", 1)): state for key, state in _load("state").items()}
        checks = [state for (kind, _), state in states.items() if kind == "check"]
        days = _load("sales") if sales is None else sales
        columns = [
            [each["check_id"] for each in checks], [each["business_date"] for each in checks], [each["number"] for each in checks],
            [each["epoch"] for each in checks], [each["status"] for each in checks], [each["currency"] for each in checks],
            [each.get("table_id", "") for each in checks], [each.get("covers", 0) for each in checks],
            [datetime.fromisoformat(each["opened_at"]) for each in checks],
            [datetime.fromisoformat(each["closed_at"]) if each.get("closed_at") else None for each in checks],
            *[[0 for _ in checks] for _ in range(5)],
        ]  # fmt: skip
        figures = [[day[name] for day in days.values()] for name in ("orders", "lines", "gross_minor", "net_minor", "tax_minor")]
        site = (org_id, site_id)
        kinds, ids = [kind for kind, _ in states], [id for _, id in states]
        await self._run("comanda_project", org_id, [
            (self._project["put_aggregates"], (*site, kinds, ids, [json.dumps(state) for state in states.values()])),
            (self._project["put_checks"], (*site, *columns)),
            (self._project["add_sales"], (*site, list(days), ["EUR"] * len(days), *figures)),
            (self._project["advance_cursor"], (*site, len(frozen_entries()), 0)),
        ])  # fmt: skip

    async def sales(self, org_id: str, site_id: str) -> dict[str, dict[str, int]]:
        """The sales that that release's API tells, by business date."""
        [rows] = await self._run("comanda_tenant", org_id, [(self._read["sales"], (org_id, site_id, "EUR", "2000-01-01", "2099-12-31"))])
        return {row["business_date"]: {name: row[name] for name in row.keys() if name != "business_date"} for row in rows}  # noqa: SIM118
