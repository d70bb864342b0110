"""A whole chain of real processes for the faults: tills, edge, link, a line that can be cut, broker, hub, Postgres.

What lives here: the parts with their switches, and the judgement at the end of each story: the journal is whole, the hub's is the
same bytes, and both have sold the same.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.integration.edge.till import Till, ensure_told_truly, load_menu, tills
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.postgres import Database, TestPostgres
from tests.support.programs import EdgeBox
from tests.support.proxy import ThreadedProxy
from tests.support.waiting import eventually

__all__ = ["Chain"]

DRAIN_S = 60.0  # seconds in which a healed chain must have caught up: several time-outs in a row, on a busy machine


class Chain:
    """One site and its hub. The shard has a Postgres of its own, with fsync, that tests may kill."""

    def __init__(self, directory: Path, postgres: TestPostgres, stack: ExitStack) -> None:
        self.broker = Broker(directory)
        stack.callback(self.broker.server.stop)
        self.broker.server.start()
        self.shard = TestPostgres(directory / "shard", fsync=True)
        stack.callback(self.shard.server.stop)
        control = postgres.create("control")
        stack.callback(postgres.drop, control)
        self._database: Database = self.shard.create("s1")
        self.hub = HubStack(directory, self.broker, control, {"s1": self._database})
        stack.callback(self.hub.stop)
        self.hub.start()
        self.org_id, self.site_id = self.hub.add_site(currency="EUR", time_zone="Europe/Berlin")
        self.hub.enroll(self.site_id, directory / "box")
        self.line = ThreadedProxy(self.broker.server.port)
        stack.callback(self.line.stop)
        self.edge = EdgeBox(directory / "box", nats_url=f"nats://127.0.0.1:{self.line.port}")
        stack.callback(self.edge.stop)
        self.edge.start()
        load_menu(self.edge)
        self._tills: list[Till] = []
        self._api = self.hub.client()
        stack.callback(self._api.close)
        self.ensure_caught_up()

    @contextmanager
    def tills(self, count: int = 3, *, finish: bool = True) -> Iterator[list[Till]]:
        """Tills that order while the block runs; they are judged again at the end of every later story."""
        with tills(self.edge, count, finish=finish) as made:
            self._tills += made
            yield made

    # --- what is seen --------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """How the box says it is."""
        return httpx.get(f"{self.edge.url}/v1/status", timeout=5.0).raise_for_status().json()

    def watermark(self) -> int:
        """How far the cloud is, as the till shows it."""
        return int(self.status()["cloud"]["sequence"])

    def advances(self) -> Any:
        """Whether the cloud has got further than now."""
        before = self.watermark()
        return lambda: self.watermark() > before

    def ensure_caught_up(self) -> None:
        """Wait until everything that was written is in the cloud and projected there."""

        def look() -> bool:
            status = self.status()
            assert status["pending_entries"] == 0, status["cloud"]
            assert status["oldest_pending_at"] is None
            assert status["cloud"]["alarm"] == ""
            site = self._api.get(f"/v1/sites/{self.site_id}").json()
            assert site["position"]["sequence"] == status["sequence"], site
            assert site["projected_sequence"] == status["sequence"], site
            return True

        eventually(look, "the hub has everything", deadline_s=DRAIN_S)

    def hub_rows(self) -> list[tuple[int, int, bytes, bytes]]:
        """(sequence, epoch, hash, entry) of the site as the shard holds it, read past the hub."""
        text = self.shard.server.superuser_sql(
            "select sequence, epoch, encode(hash, 'hex'), encode(entry, 'hex') from journal "
            f"where org_id = '{self.org_id}' and site_id = '{self.site_id}' order by sequence;",
            self._database.name,
        )
        rows = [line.split("|") for line in text.splitlines()]
        return [(int(sequence), int(epoch), bytes.fromhex(hash), bytes.fromhex(entry)) for sequence, epoch, hash, entry in rows]

    # --- the judgement -------------------------------------------------------------------------

    def ensure_nothing_lost_and_nothing_twice(self) -> None:
        """Wait for the hub, then hold journal, hub and tills against one another."""
        self.ensure_caught_up()
        rows = ensure_told_truly(self.edge.data_dir / "journal.db", self._tills)
        assert self.hub_rows() == rows
        day = self.status()["business_date"]
        span = {"from_date": "2026-01-01", "to_date": day}
        here = httpx.get(f"{self.edge.url}/v1/sales", params=span, timeout=10.0).json()
        there = self._api.get(f"/v1/sites/{self.site_id}/sales", params=span).json()
        assert there["total"] == here["total"]
        figures = [name for name in here["days"][0] if name not in ("tenders", "taxes")]
        assert [{name: day[name] for name in figures} for day in there["days"]] == [
            {name: day[name] for name in figures} for day in here["days"]
        ]
        for what, key in (("tenders", "tender"), ("taxes", "tax_id")):
            told = self._api.get(f"/v1/sites/{self.site_id}/{what}", params=span).json()["days"]
            ours = [(day["business_date"], each) for day in here["days"] for each in day[what]]
            assert len(told) == len(ours), (told, ours)
            for theirs, (date, each) in zip(told, sorted(ours, key=lambda row: (row[0], row[1].get(key, ""))), strict=True):
                shared = each.keys() & theirs.keys()
                assert theirs["business_date"] == date
                assert {name: theirs[name] for name in shared} == {name: each[name] for name in shared}
        finished = sum(till.orders for till in self._tills)
        assert here["total"]["orders"] >= finished > 0
        assert here["total"]["gross_minor"] == 1450 * here["total"]["orders"]
