"""Filling a journal: the power may fail at any moment, and the next start has projections of what is there."""

import contextlib

from edge.journal.refill import Refill
from edge.journal.schema import format_of
from edge.journal.store import SqliteStore
from edge.journal.upgrade import upgrade
from shared.domain.registry import STATE_FORMAT
from shared.protocol.entry import START
from tests.support.boxes import new_id
from tests.support.journals import SiteJournal


def test_a_journal_that_is_filled_and_projected_is_that_of_the_box_that_wrote_it(tmp_path):
    journal = SiteJournal(new_id(), new_id()).begin().orders(3)
    with contextlib.closing(Refill(tmp_path / "journal.db")) as refill:
        refill.append(journal.entries[:9])
        refill.append(journal.entries[9:])
        assert refill.head == journal.head
        assert refill.entry(4) == journal.entries[3]
        assert refill.entry(1_000) is None
        refill.project()
        assert refill.last_before(1) == START
        assert refill.last_before(2) == journal.head
    with contextlib.closing(SqliteStore(tmp_path / "journal.db")) as store:
        assert store.entries(0, 1_000) == journal.entries
        assert upgrade(store) is None, "the projections are those of this release"
        assert store.load("site", "") is not None


def test_the_power_fails_between_filling_and_projecting_and_the_next_start_makes_up_for_it(tmp_path):
    journal = SiteJournal(new_id(), new_id()).begin().orders(2)
    with contextlib.closing(Refill(tmp_path / "journal.db")) as refill:
        refill.append(journal.entries[:5])
        refill.project()
        refill.append(journal.entries[5:])
    with contextlib.closing(SqliteStore(tmp_path / "journal.db")) as store:
        assert format_of(store.connection) != STATE_FORMAT
        built = upgrade(store)
        assert built is not None
        assert built.entries == journal.head.sequence
