"""SQL files are read by name."""

from pathlib import Path

import pytest

from hub.db import queries


@pytest.mark.parametrize("name", [path.stem for path in (Path(queries.__file__).parent / "sql").glob("*.sql")])
def test_every_file_has_named_statements_and_binds_what_it_is_given(name: str) -> None:
    statements = queries.load(name)
    assert statements
    for key, text in statements.items():
        code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        assert code, key
        assert ";" not in code, key
        assert "%s" not in text, key


def test_a_name_that_stands_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "twice.sql").write_text("-- name: a\nselect 1\n-- name: a\nselect 2\n")
    monkeypatch.setattr(queries, "__file__", str(tmp_path / "queries.py"))
    with pytest.raises(ValueError, match="twice"):
        queries.load("twice")
