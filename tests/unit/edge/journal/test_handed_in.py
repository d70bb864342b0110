"""Refused hand-ins on disk."""

from datetime import UTC, datetime

import msgspec
import pytest

from edge.app.hand_in import RefusedHandIn
from edge.journal import handed_in
from edge.journal.handed_in import NAME, HandedInFile, Settled
from shared.domain.errors import Refused

AT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def _refusal(id: str, code: str = "check.unknown") -> RefusedHandIn:
    return RefusedHandIn(
        command_id=id, device_id="d", position="1.4." + "0" * 64, at=AT, business_date="2026-03-02", command=msgspec.Raw(b'{"type": "X"}'),
        actor_id="", code=code, detail="No.", refused_at=AT,
    )  # fmt: skip


async def test_what_was_kept_is_there_after_a_restart_until_somebody_settles_it_and_its_record_for_ever(tmp_path):
    book = HandedInFile(tmp_path)
    await book.keep(_refusal("a"))
    await book.keep(_refusal("b"))
    other = HandedInFile(tmp_path)
    assert [each.command_id for each in other.open] == ["a", "b"]
    other.add(Settled(settles="a", by="Rosa", at=AT))
    book.refresh()
    assert [each.command_id for each in book.open] == ["b"]
    assert [each.command_id for each in book.refusals] == ["a", "b"]
    settled = book.settled("a")
    assert settled is not None
    assert settled.by == "Rosa"
    assert book.find("a") is not None, "it stays refused"


async def test_one_that_came_into_effect_after_all_is_none_any_more(tmp_path):
    book = HandedInFile(tmp_path)
    await book.keep(_refusal("a"))
    await book.forget("a")
    await book.forget("never refused")
    assert HandedInFile(tmp_path).refusals == []


async def test_a_line_that_the_power_cut_tore_costs_no_other(tmp_path):
    book = HandedInFile(tmp_path)
    await book.keep(_refusal("a"))
    whole = (tmp_path / NAME).read_bytes()
    await book.keep(_refusal("b"))
    data = (tmp_path / NAME).read_bytes()
    for length in range(len(whole), len(data)):
        (tmp_path / NAME).write_bytes(data[:length])
        cut = HandedInFile(tmp_path)
        assert [each.command_id for each in cut.open] == ["a"]
        await cut.keep(_refusal("c"))
        assert {"a", "c"} <= {each.command_id for each in HandedInFile(tmp_path).open}


async def test_more_than_anybody_could_look_at_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(handed_in, "HAND_INS_REFUSED_MAX", 1)
    book = HandedInFile(tmp_path)
    await book.keep(_refusal("a"))
    with pytest.raises(Refused) as caught:
        await book.keep(_refusal("b"))
    assert caught.value.code == "edge.busy"
