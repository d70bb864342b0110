"""What a mirror keeps beside the journal."""

import hashlib

import msgspec
import pytest

from edge.mirror.keepsakes import Keeper, read_keepsakes
from shared.protocol.envelope import Keepsake


class _Edge:
    """The box's two routes."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []

    def hold(self, kind: str, document: bytes) -> Keepsake:
        version = hashlib.sha256(document).hexdigest()
        self.documents[version] = (kind, document)
        return Keepsake(kind, version)

    async def get(self, target: str) -> bytes:
        self.asked.append(target)
        if target == "/v1/keepsakes":
            return msgspec.json.encode([Keepsake(kind, version) for version, (kind, _) in self.documents.items()])
        return self.documents[target.rsplit("/", 1)[1]][1]


async def test_each_document_is_asked_for_once_and_the_list_says_which_the_box_held_last(tmp_path):
    edge = _Edge()
    keeper = Keeper(edge)
    menu, old = edge.hold("menu", b"{menu}"), edge.hold("devices", b"[one]")
    await keeper.keep(tmp_path)
    await keeper.keep(tmp_path)
    assert len(edge.asked) == 4
    del edge.documents[old.version]
    new = edge.hold("devices", b"[one, two]")
    await keeper.keep(tmp_path)
    assert read_keepsakes(tmp_path) == [(menu, b"{menu}"), (new, b"[one, two]")], "a device that was taken away must not come back"


async def test_a_document_that_is_another_than_its_version_says_is_not_kept_and_a_damaged_one_not_read(tmp_path):
    edge = _Edge()
    menu = edge.hold("menu", b"{menu}")
    edge.documents[menu.version] = ("menu", b"{forged}")
    with pytest.raises(OSError, match="another document"):
        await Keeper(edge).keep(tmp_path)
    assert read_keepsakes(tmp_path) == []
    edge.documents[menu.version] = ("menu", b"{menu}")
    await Keeper(edge).keep(tmp_path)
    (tmp_path / "keepsakes" / menu.version).write_bytes(b"{damag")
    assert read_keepsakes(tmp_path) == []


async def test_a_version_that_would_lead_out_of_the_directory_is_none(tmp_path):
    edge = _Edge()
    edge.documents["../../etc/passwd"] = ("menu", b"")
    with pytest.raises(OSError, match="no version"):
        await Keeper(edge).keep(tmp_path)
