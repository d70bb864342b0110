"""The fold: a follower that reads entries reaches the state that the box decided upon."""

import msgspec
import pytest

from shared.domain.check import CloseCheck, PayCash, SendCheck
from shared.protocol.entry import Entry, decode_entry, encode_entry
from shared.protocol.fold import fold, meta_of
from tests.unit.shared.domain.world import World, begun, name_id


def entries_of(world: World) -> list[Entry]:
    return [
        Entry(
            org="o", site="s", epoch=meta.epoch, sequence=meta.sequence, at=meta.at, date=meta.date, command=meta.command_id,
            ordinal=meta.ordinal, of=1, event=msgspec.Raw(msgspec.json.encode(event)), device=meta.device_id, actor=meta.actor_id,
        )
        for event, meta in world.journal
    ]  # fmt: skip


def lunch() -> World:
    world = begun()
    world.open()
    world.add("soup")
    world.do(SendCheck(check_id=name_id("a")))
    world.do(PayCash(check_id=name_id("a"), tendered_minor=700))
    world.do(CloseCheck(check_id=name_id("a")))
    return world


def test_a_follower_folds_the_bytes_to_the_same_state() -> None:
    world, follower = lunch(), World()
    for entry, (_, meta) in zip(entries_of(world), world.journal, strict=True):
        read = decode_entry(encode_entry(entry))
        assert meta_of(read) == meta
        changes = fold(follower, read)
        assert changes is not None
        follower.states.update(changes)
    assert follower.states == world.states


def test_an_event_of_a_later_release_changes_nothing_here() -> None:
    entry = msgspec.structs.replace(entries_of(lunch())[0], event=msgspec.Raw(b'{"type":"GuestTipped"}'))
    assert fold(World(), entry) is None


def test_an_entry_that_does_not_fit_is_told_for_quarantine() -> None:
    with pytest.raises(LookupError):
        fold(World(), entries_of(lunch())[2])
