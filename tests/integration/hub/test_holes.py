"""The hub was restored from last month, the box had trimmed what it was promised: what is missing is a hole until a stick turns up."""

from asyncio import to_thread
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.app.ports import Scope
from shared.operator_error import OperatorError
from shared.protocol.envelope import AnswerStatus, open_frame, seal_hello
from shared.protocol.keys import verify
from shared.protocol.mirror_file import pack_entries, pack_header
from tests.integration.hub.comparing import ensure_equal
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal


async def torn(rig: HubRig) -> SiteJournal:
    """A site of which entries 6 to 12 are neither in the hub nor on its box."""
    site = (await rig.add_site()).orders(3)
    await rig.send(site.message(1, 5))
    subject, frame = site.hello()
    hello = msgspec.structs.replace(open_frame(frame, verify)[0], begins=site.entries[11].position)  # type: ignore[arg-type]
    [reply] = await rig.greeter.greet([(subject, seal_hello(hello, site.key.public, site.key.sign))])
    assert (reply.answer.status, reply.answer.code, reply.answer.watermark.sequence) == (AnswerStatus.OK, "journal.hole", 12)
    await rig.send(site.message(13, len(site.entries)))
    await rig.project()
    return site


def mirror(directory: Path, site: SiteJournal, entries: int = 10_000, name: str = "") -> Path:
    made = directory / (name or site.address.site_id)
    made.mkdir(parents=True)
    journal = site.entries[:entries]
    frames = [pack_header(*site.address), *(pack_entries(journal[start : start + 4]) for start in range(0, len(journal), 4))]
    (made / "journal.mirror").write_bytes(b"".join(frames) + b"\x00\x00\x01")  # torn in the middle of a frame
    return directory


async def test_a_hole_is_filled_from_a_mirror_and_every_figure_is_right_again(rig: HubRig, cli: Any, tmp_path: Path) -> None:
    site = await torn(rig)
    [found] = msgspec.json.decode(await to_thread(cli, "holes", "list", "--site", site.address.site_id, "--json"))["holes"]
    assert (found["first"], found["last"], found["filled_at"]) == (6, 12, None)
    assert "filled" in await to_thread(cli, "holes", "fill", site.address.site_id, "--from", str(mirror(tmp_path, site)))
    await rig.project()
    assert [sequence for sequence, _ in await rig.stored(site)] == list(range(1, len(site.entries) + 1))
    await ensure_equal(rig, site)
    assert await to_thread(cli, "holes", "fill", site.address.site_id, "--from", str(tmp_path)) == "hole.unknown"
    placed = (await rig.stores.control.placement(site.address.org_id)).shard
    [hole] = [each for each in await rig.stores.operations[placed].holes(Scope(None)) if each.site_id == site.address.site_id]
    assert hole.filled_at is not None


async def test_a_fill_that_is_cut_short_before_the_site_is_projected_anew_is_done_again(
    rig: HubRig, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries are in, and no figure knows of them: the hole must not count as filled, or they would be missing for ever."""
    site = await torn(rig)
    fill = ("holes", "fill", site.address.site_id, "--from", str(mirror(tmp_path, site)))

    async def power_cut(*_: str) -> None:
        raise OperatorError("hub.older_than_read_models", "cut", "again")

    with monkeypatch.context() as patch:
        patch.setattr("hub.cli_holes.forget_site", power_cut)
        assert await to_thread(cli, *fill) == "hub.older_than_read_models"
    assert "filled" in await to_thread(cli, *fill)
    await rig.project()
    await ensure_equal(rig, site)
    assert await to_thread(cli, *fill) == "hole.unknown"


async def test_a_mirror_that_lacks_the_end_changes_nothing(rig: HubRig, cli: Any, tmp_path: Path) -> None:
    site = await torn(rig)
    before = await rig.stored(site)
    assert await to_thread(cli, "holes", "fill", site.address.site_id, "--from", str(mirror(tmp_path, site, 11))) == "hole.unfilled"
    other = await rig.add_site()
    assert await to_thread(cli, "holes", "fill", site.address.site_id, "--from", str(mirror(tmp_path / "x", other))) == "mirror.unreadable"
    assert await to_thread(cli, "holes", "fill", other.address.site_id, "--from", str(tmp_path)) in {"hole.unknown", "mirror.unreadable"}
    assert await rig.stored(site) == before
