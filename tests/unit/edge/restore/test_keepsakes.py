"""Menus and devices for a replacement."""

import contextlib
import hashlib

import msgspec

from edge.mirror.keepsakes import Keeper
from edge.restore.keepsakes import gather, put
from shared.protocol.envelope import Keepsake
from tests.support.boxes import new_id
from tests.unit.edge.restore.kit import FakeHub, box_of, hub_source, mirror_of, refill, site_journal

JOURNAL = site_journal(1).entries


def _devices(*names: str, role: str = "pos") -> bytes:
    return msgspec.json.encode(
        [{"device_id": new_id(), "name": name, "role": role, "token_hash": hashlib.sha256(name.encode()).hexdigest()} for name in names]
    )


class _Edge:
    def __init__(self, *documents: tuple[str, bytes]) -> None:
        self._documents = {hashlib.sha256(body).hexdigest(): (kind, body) for kind, body in documents}

    async def get(self, target: str) -> bytes:
        if target == "/v1/keepsakes":
            return msgspec.json.encode([Keepsake(kind, version) for version, (kind, _) in self._documents.items()])
        return self._documents[target.rsplit("/", 1)[1]][1]


def _names(journal) -> list[str]:
    return [row[0] for row in journal.store.connection.execute("SELECT name FROM devices ORDER BY name")]


async def test_menus_of_everybody_are_kept_and_of_the_lists_of_devices_the_hubs(tmp_path):
    box = box_of(tmp_path / "new")
    mirror = mirror_of(tmp_path / "stick", JOURNAL)
    await Keeper(_Edge(("menu", b"{old}"), ("menu", b"{new}"), ("devices", _devices("one", "lost")))).keep(mirror.path.parent)
    problems: list[str] = []
    with FakeHub(JOURNAL, keepsakes=[("menu", b"{new}"), ("devices", _devices("one", "two"))]).serving() as serving:
        found = gather(hub_source(box, tmp_path / "new", serving), [mirror], problems)
    with contextlib.closing(refill(tmp_path / "new")) as journal:
        assert put(journal, found, problems) == (2, 2)
        assert journal.store.document(hashlib.sha256(b"{old}").hexdigest()) == b"{old}"
        assert _names(journal) == ["one", "two"], "a device that was taken away must not come back with an old list"
        assert put(journal, found, problems) == (2, 2), "a second run changes nothing"
    assert problems == []


async def test_without_the_hub_the_mirrors_list_serves(tmp_path):
    mirror = mirror_of(tmp_path / "stick", JOURNAL)
    await Keeper(_Edge(("devices", _devices("one")))).keep(mirror.path.parent)
    box_of(tmp_path / "new")
    with contextlib.closing(refill(tmp_path / "new")) as journal:
        assert put(journal, gather(None, [mirror], []), []) == (0, 1)


def test_a_role_of_a_later_release_and_a_list_that_is_none_are_told(tmp_path):
    box_of(tmp_path / "new")
    problems: list[str] = []
    with contextlib.closing(refill(tmp_path / "new")) as journal:
        body = _devices("one", role="sommelier")
        assert put(journal, [(Keepsake("devices", "0" * 64), body)], problems) == (0, 0)
        assert "sommelier" in problems[0]
        assert put(journal, [(Keepsake("devices", "0" * 64), b"[1]")], problems) == (0, 0)
        assert "pair the tablets anew" in problems[1]
