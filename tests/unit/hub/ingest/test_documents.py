"""Documents of boxes on their way through the lanes: parts in any order, twice, cut, and of boxes that are not the present one."""

import os

import pytest

from hub.ingest.documents import DocumentMalformed, unpack
from shared.limits import DOCUMENT_PART_BYTES, DOCUMENTS_PENDING_MAX
from shared.protocol.envelope import AnswerStatus
from tests.support.ingest_rig import IngestRig

MENU = os.urandom(3 * DOCUMENT_PART_BYTES)  # which no compression makes shorter: four parts


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


async def test_a_menu_arrives_in_parts_between_envelopes(rig: IngestRig) -> None:
    site = rig.site()
    parts = site.parts("menu", MENU)
    assert len(parts) == 4
    (answer,) = await rig.send(parts[2], site.message(1, 5), parts[0], parts[2], parts[3], site.message(6, 17))
    assert (answer.status, answer.watermark) == (AnswerStatus.OK, site.head)  # documents are not answered
    assert rig.shard.documents == {}
    assert await rig.send(parts[1]) == []
    assert list(rig.shard.documents.values()) == [("menu", MENU)]
    assert rig.shard.parts == {}
    assert rig.counts.documents == {"document.part": 4, "document.kept": 1}


async def test_what_does_not_hash_to_its_version_is_forgotten(rig: IngestRig) -> None:
    site = rig.site()
    await rig.send(*site.parts("menu", MENU, version="0" * 64))
    await rig.send(*site.parts("devices", b"[]", version="1" * 64))
    assert (rig.shard.documents, rig.shard.parts) == ({}, {})
    assert rig.counts.documents["document.malformed"] == 2
    await rig.send(*site.parts("devices", b"[]"))
    assert list(rig.shard.documents.values()) == [("devices", b"[]")]


async def test_a_replaced_box_leaves_no_documents(rig: IngestRig) -> None:
    old = rig.site()
    rig.replace(old, 17)
    assert await rig.send(*old.parts("menu", b"{}")) == []
    assert rig.shard.documents == {}
    assert rig.counts.documents == {"document.fenced": 1}


async def test_documents_that_never_become_whole_push_one_another_out(rig: IngestRig) -> None:
    site = rig.site()
    for number in range(2 * DOCUMENTS_PENDING_MAX):
        await rig.send(site.parts("menu", MENU, version=f"{number:064x}")[0])
    assert len(rig.shard.parts) == DOCUMENTS_PENDING_MAX


@pytest.mark.parametrize(("kind", "version"), [("menu", "A" * 64), ("menu", "../" * 20), ("x" * 99, "0" * 64)])
async def test_a_part_with_a_strange_name_is_refused(rig: IngestRig, kind: str, version: str) -> None:
    site = rig.site()
    (answer,) = await rig.send(*site.parts(kind, b"{}", version=version))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "frame.out_of_bounds")


@pytest.mark.parametrize("data", [b"", b"no zlib", b"\x78\x9c"])
def test_bytes_that_are_no_document(data: bytes) -> None:
    with pytest.raises(DocumentMalformed):
        unpack([data], "0" * 64)
