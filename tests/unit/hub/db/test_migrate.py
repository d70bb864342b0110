"""The files of migrations: their names and order. Running them is tested on a real Postgres."""

import pytest

from hub.db.migrate import HALVES, migrations


@pytest.mark.parametrize("kind", ["control", "shard"])
def test_files_are_numbered_in_order_and_say_their_half(kind: str) -> None:
    found = migrations(kind)
    assert [migration.name[:4] for migration in found] == [f"{number:04d}" for number in range(1, len(found) + 1)]
    assert {migration.half for migration in found} <= set(HALVES)
    assert all(len(migration.sha256) == 64 for migration in found)
