"""The checkpoint: a trimmed journal can still be verified and built anew, and damage to what was kept of it shows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.journal import checkpoint
from edge.journal.checkpoint import read_checkpoint, state_hash
from edge.journal.rebuild import rebuild
from edge.journal.verify import verify
from shared.protocol.entry import START
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import SITE


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[SiteKit]:
    made = SiteKit(tmp_path)
    made.load_menu()
    for name in "abcdef":
        made.batch(*service(name, ("soup", "wine")))
    yield made
    made.close()


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_trimmed_journal_is_whole_from_where_it_begins(kit: SiteKit) -> None:
    begins = kit.store.trim(20)
    found = verify(kit.path, SITE)
    assert found.is_whole
    assert (found.begins, found.head, found.entries) == (str(begins), str(kit.site.head), kit.site.head.sequence)


def test_its_hash_is_the_same_whether_it_grew_step_by_step_or_is_reckoned_from_every_row(kit: SiteKit) -> None:
    for through in (9, 20, 33):
        kit.store.trim(through)
        assert read_checkpoint(kit.store.connection).state_hash == state_hash(kit.store.connection)


def test_projections_built_anew_from_checkpoint_and_journal_are_those_from_before(kit: SiteKit) -> None:
    kit.store.trim(25)
    rebuilt = rebuild(kit.store.connection, swap=True)
    assert rebuilt.differences == ()
    kit.batch(*service("later"))
    kit.store.trim(10**9)
    assert rebuild(kit.store.connection, swap=True).differences == ()
    assert verify(kit.path, SITE).is_whole


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoint_aggregates SET state = replace(state, 'wine', 'wino')",
        "DELETE FROM checkpoint_aggregates WHERE id = (SELECT min(id) FROM checkpoint_aggregates)",
        "DELETE FROM checkpoint_commands WHERE id = (SELECT max(id) FROM checkpoint_commands)",
        "UPDATE checkpoint SET state_hash = zeroblob(32)",
    ],
)
def test_damage_to_what_was_kept_is_noticed(kit: SiteKit, statement: str) -> None:
    kit.store.trim(30)
    damage(kit.path, statement)
    found = verify(kit.path, SITE)
    assert not found.is_whole
    assert "not what was kept" in found.problem


def test_nothing_is_forgotten_where_the_chain_is_broken(kit: SiteKit) -> None:
    damage(kit.path, "UPDATE journal SET entry = CAST(entry || ' ' AS BLOB) WHERE sequence = 7")
    with pytest.raises(ValueError, match="broken at sequence 7"):
        kit.store.trim(20)
    assert kit.store.begins() == START
    assert len(kit.store.entries(0, 1_000)) == kit.site.head.sequence
    kit.batch(*service("later"))  # and the box goes on selling


def test_a_power_cut_in_the_middle_of_a_step_leaves_the_journal_as_it_was(kit: SiteKit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(checkpoint, "insert_rows", fail)
    with pytest.raises(Exception, match="disk I/O error"):
        kit.store.trim(20)
    assert kit.store.begins() == START
    assert verify(kit.path, SITE).is_whole
