"""Verifying and rebuilding: each way in which a journal can be damaged is found at its first bad entry."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.journal.lock import single_writer
from edge.journal.rebuild import rebuild
from edge.journal.verify import verify
from shared.domain.check import OpenCheck
from shared.operator_error import OperatorError
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import NOON, SITE, name_id


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[SiteKit]:
    made = SiteKit(tmp_path)
    made.load_menu()
    for name in "abc":
        made.batch(*service(name, ("soup", "wine")))
    made.one(OpenCheck(check_id=name_id("open")))
    yield made
    made.close()


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_whole_journal_is_whole_while_the_edge_serves(kit: SiteKit) -> None:
    seen: list[int] = []
    found = verify(kit.path, SITE, seen.append)
    assert found.is_whole
    assert (found.entries, found.head, seen) == (kit.site.head.sequence, str(kit.site.head), [kit.site.head.sequence])


@pytest.mark.parametrize(
    ("statement", "bad", "words"),
    [
        ("UPDATE journal SET entry = CAST(replace(CAST(entry AS TEXT), '\"v\":1', '\"v\":2') AS BLOB) WHERE sequence = 4", 4, "hash"),
        ("UPDATE journal SET entry = CAST(entry || ' ' AS BLOB) WHERE sequence = 5", 5, "hash"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE sequence = 6", 6, "hash"),
        ("DELETE FROM journal WHERE sequence BETWEEN 7 AND 8", 7, "7 to 8 are missing"),
        ("DELETE FROM journal WHERE sequence = 1", 1, "missing"),
        ("UPDATE journal SET epoch = 2 WHERE sequence = 9", 9, "says that it is entry 1.9"),
        ("UPDATE journal SET epoch = 0 WHERE sequence = 9", 9, "epoch 0 follows epoch 1"),
    ],
)
def test_the_first_bad_entry_is_named(kit: SiteKit, statement: str, bad: int, words: str) -> None:
    damage(kit.path, statement)
    found = verify(kit.path, SITE)
    assert not found.is_whole
    assert (found.bad_sequence, found.entries) == (bad, bad - 1)
    assert words in found.problem


def test_a_tail_that_was_cut_shows_by_its_followers(kit: SiteKit) -> None:
    kit.store.put_follower("cloud", str(kit.site.head), "{}", NOON)
    damage(kit.path, f"DELETE FROM journal WHERE sequence > {kit.site.head.sequence - 2}")
    found = verify(kit.path, SITE)
    assert (found.is_whole, found.bad_sequence, found.ahead) == (False, None, ("cloud",))


def test_another_sites_journal_is_noticed(kit: SiteKit) -> None:
    assert verify(kit.path, name_id("another")).bad_sequence == 1


@pytest.mark.parametrize("content", [None, b"a shopping list" * 99])
def test_a_file_that_is_missing_or_no_journal_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.db"
    if content:
        path.write_bytes(content)
    with pytest.raises(OperatorError, match=r"journal\.(missing|unusable)"):
        verify(path, SITE)
    assert path.exists() == (content is not None)


def test_projections_built_anew_are_equal_and_the_site_goes_on_with_them(kit: SiteKit) -> None:
    found = rebuild(kit.store.connection, swap=True)
    assert (found.differences, found.swapped, found.entries) == ((), True, kit.site.head.sequence)
    again = kit.restart()
    try:
        first = again.entries()
        again.batch(*service("a", ("soup", "wine")))
        assert again.entries() == first, "the commands are known as before: a repeat writes nothing"
        again.batch(*service("d"))
        assert rebuild(again.store.connection, swap=False).differences == ()
    finally:
        again.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE aggregates SET state = json_set(state, '$.table_id', '9') WHERE kind = 'check' AND id = '{open}'", "aggregate check"),
        ("DELETE FROM aggregates WHERE kind = 'check' AND id = '{open}'", "aggregate check"),
        ("UPDATE aggregates SET is_live = 0 WHERE kind = 'check' AND id = '{open}'", "aggregate check"),
        ("INSERT INTO aggregates SELECT kind, 'ghost', 1, 1, state FROM aggregates WHERE id = '{open}'", "aggregate check ghost"),
        ("DELETE FROM commands WHERE first_sequence = 4", "command"),
        ("UPDATE commands SET digest = zeroblob(32) WHERE first_sequence = 4", "command"),
    ],
)  # fmt: skip
def test_a_projection_that_lies_is_named_and_mended(kit: SiteKit, statement: str, words: str) -> None:
    damage(kit.path, statement.format(open=name_id("open")))
    looked = rebuild(kit.store.connection, swap=False)
    assert len(looked.differences) == 1
    assert looked.differences[0].startswith(words)
    assert rebuild(kit.store.connection, swap=True).differences == looked.differences
    assert rebuild(kit.store.connection, swap=True).differences == ()


def test_an_entry_that_cannot_be_folded_leaves_everything_as_it_was(kit: SiteKit) -> None:
    """It is the journal that is wrong: the projections in use are kept, and no half-built ones beside them."""
    before = kit.store.connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    damage(kit.path, "UPDATE journal SET entry = x'7b' WHERE sequence = 5")
    with pytest.raises(ValueError, match="truncated"):
        rebuild(kit.store.connection, swap=True)
    assert kit.store.connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall() == before


def test_a_directory_has_one_writer_and_is_free_when_it_leaves(tmp_path: Path) -> None:
    with single_writer(tmp_path), pytest.raises(OperatorError, match=r"journal\.in_use"), single_writer(tmp_path):
        pytest.fail("two writers")
    with single_writer(tmp_path):
        assert True


@pytest.mark.parametrize("make", [lambda path: path / "nowhere", lambda path: path / "file"])
def test_a_directory_that_is_none_is_told(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=r"box\.not_enrolled"), single_writer(make(tmp_path)):
        pytest.fail("no such directory")
