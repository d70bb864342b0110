"""What tablets hand in: played once, in the order in which it was acknowledged, and kept for a person where it is refused."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest

from edge.app.hand_in import HandInDesk
from edge.app.ports import CommandRecord
from edge.app.site import Device, Outcome, RefusedCommand, Request
from edge.journal.handed_in import HandedInFile, Settled
from shared.domain.check import AddLine, OpenCheck, VoidLine
from shared.domain.check.state import Check
from shared.domain.errors import Refused
from shared.domain.kernel import Command
from shared.protocol.entry import Position
from shared.protocol.session import HandIn, HeldCommand
from tests.unit.edge.site_kit import POS, SiteKit, device, submit
from tests.unit.shared.domain.world import NOON, name_id

OPEN = OpenCheck(check_id=name_id("a"))
OTHER = device("pos", "other tablet")


def line(name: str, item: str = "soup") -> AddLine:
    return AddLine(check_id=name_id("a"), line_id=name_id(name), item_id=item)


def held(command: Command, sequence: int, epoch: int = 1, minutes: float = 0) -> HeldCommand:
    position = Position(epoch, sequence, bytes(32))
    return HeldCommand(submit=submit(command), position=str(position), at=NOON + timedelta(minutes=minutes), business_date="2026-03-02")


class Box:
    """A new box, whose journal ends before all that is handed in."""

    def __init__(self, kit: SiteKit, directory: Path) -> None:
        self.kit = kit
        self.asked: list[str] = []
        self.trouble: list[str] = []
        self.book = HandedInFile(directory)
        self.desk = HandInDesk(self.play, self.known, self.book, lambda: kit.now)

    async def play(self, request: Request) -> Outcome:
        self.asked.append(request.commands[0].id)
        if self.trouble:
            return RefusedCommand(error=Refused(self.trouble.pop(0), "Trouble."))
        return self.kit.site.execute([request])[0][0]

    async def known(self, ids: Collection[str]) -> dict[str, CommandRecord]:
        return self.kit.store.find_commands(ids)

    async def take(self, by: Device, *commands: HeldCommand, is_last: bool = True) -> list[str]:
        answer = await self.desk.take(by, HandIn(commands=commands, is_last=is_last))
        assert [result.command_id for result in answer.results] == [each.submit.id for each in commands]
        return [result.outcome + (f" {result.code}" if result.code else "") for result in answer.results]

    async def play_all(self) -> None:
        while await self.desk.play_next():
            pass


@pytest.fixture
def box(tmp_path: Path) -> Box:
    kit = SiteKit(tmp_path, epoch=2)
    kit.load_menu()
    kit.wait(hours=3)
    return Box(kit, tmp_path)


async def test_two_tablets_hand_in_one_table_and_it_is_played_in_the_order_in_which_it_was_acknowledged(box: Box) -> None:
    box.desk.is_collecting = True
    assert await box.take(OTHER, held(line("2"), 43), held(line("1"), 41)) == ["waits", "waits"]
    assert box.kit.site.head.sequence == 3, "the line waits for its check, which the other tablet has opened"
    assert await box.take(POS, held(OPEN, 40)) == ["waits"]
    assert (box.desk.complete, box.desk.waiting) == (2, 3)
    await box.play_all()
    assert box.asked == [submit(OPEN).id, submit(line("1")).id, submit(line("2")).id]
    assert {name: (tally.played, tally.refused) for name, tally in box.desk.tallies.items()} == {
        POS.device_id: (1, 0), OTHER.device_id: (2, 0),
    }  # fmt: skip
    assert await box.take(POS, held(OPEN, 40)) == ["known"]


async def test_a_tablet_that_comes_while_the_box_plays_is_played_with_the_rest_in_its_place(box: Box) -> None:
    box.desk.is_collecting = True
    await box.take(POS, held(OPEN, 40), held(line("3"), 44))
    assert await box.desk.play_next()
    await box.take(OTHER, held(line("1"), 41), held(line("2"), 42))
    await box.play_all()
    assert box.asked == [submit(command).id for command in (OPEN, line("1"), line("2"), line("3"))]
    assert not await box.desk.play_next()


async def test_a_command_of_an_earlier_epoch_goes_before_one_of_a_later_whatever_their_sequences(box: Box) -> None:
    box.desk.is_collecting = True
    await box.take(POS, held(line("1"), 12, epoch=2), held(OPEN, 90, epoch=1))
    await box.play_all()
    assert box.asked == [submit(OPEN).id, submit(line("1")).id]


async def test_a_tablet_that_was_not_told_hands_in_again_and_it_counts_once(box: Box) -> None:
    box.desk.is_collecting = True
    for _ in range(3):
        await box.take(POS, held(OPEN, 40), is_last=False)
    assert (box.desk.waiting, box.desk.complete) == (1, 0)
    await box.play_all()
    await box.take(POS, held(OPEN, 40))
    assert box.asked == [submit(OPEN).id]
    assert box.desk.tallies[POS.device_id].played == 1
    assert box.desk.tallies[POS.device_id].known == 0
    assert box.desk.counts[submit(OPEN).id] == 1


async def test_a_late_tablet_finds_the_box_selling_and_what_it_holds_is_played_at_once(box: Box) -> None:
    assert await box.take(POS, held(line("1"), 41), held(OPEN, 40)) == ["played", "played"]
    assert await box.take(POS, held(line("1"), 41), held(OPEN, 40)) == ["known", "known"]
    assert box.desk.tallies == {}, "a box that sells gathers nothing for a report"


async def test_what_is_refused_is_kept_for_a_person_and_stays_refused_though_it_would_fit_by_then(box: Box) -> None:
    assert await box.take(POS, held(line("1"), 41)) == ["refused check.unknown"]
    (refusal,) = HandedInFile(box.kit.path.parent).open
    assert (refusal.command_id, refusal.device_id, refusal.code) == (submit(line("1")).id, POS.device_id, "check.unknown")
    assert refusal.at == NOON
    assert bytes(refusal.command) == bytes(submit(line("1")).command)
    box.kit.one(OPEN)
    box.kit.one(line("by hand"))
    assert await box.take(POS, held(line("1"), 41)) == ["refused check.unknown"], "a person may have made up for it"
    assert len(box.book.refusals) == 1


async def test_a_line_that_comes_before_its_check_from_another_tablet_is_in_effect_when_the_check_has_come(box: Box) -> None:
    """Its journal was cut, so the box sells on, and the tablets come back from the Wi-Fi in any order."""
    void = submit(VoidLine(check_id=name_id("a"), line_id=name_id("1"), reason="guest_changed"))
    voided = HeldCommand(submit=void, position=held(OPEN, 43).position, at=NOON, business_date="2026-03-02")
    assert await box.take(OTHER, voided) == ["refused check.unknown"]
    assert await box.take(OTHER, held(line("2"), 42)) == ["refused check.unknown"]
    assert await box.take(device("pos", "third"), held(line("1"), 41)) == ["refused check.unknown"]
    assert await box.take(POS, held(OPEN, 40)) == ["played"]
    assert box.book.refusals == [], "nobody needs to look at it"
    assert box.asked[3:] == [submit(OPEN).id, submit(line("1")).id, submit(line("2")).id, void.id], "as it was acknowledged"
    check = box.kit.site.find(Check, "check", name_id("a"))
    assert check is not None
    assert {each.line_id: each.status for each in check.lines} == {name_id("1"): "voided", name_id("2"): "held"}
    assert await box.take(OTHER, held(line("2"), 42)) == ["known"]


async def test_what_a_person_has_made_up_for_is_not_tried_again_nor_what_is_about_another_check(box: Box) -> None:
    other = AddLine(check_id=name_id("b"), line_id=name_id("9"), item_id="soup")
    await box.take(OTHER, held(line("1"), 41), held(line("2"), 42), held(other, 43))
    HandedInFile(box.kit.path.parent).add(Settled(settles=submit(line("1")).id, by="Rosa", at=NOON))
    assert await box.take(POS, held(OPEN, 40)) == ["played"]
    assert box.asked[-2:] == [submit(OPEN).id, submit(line("2")).id]
    assert [each.command_id for each in box.book.open] == [submit(other).id]


async def test_a_disk_that_is_full_in_the_middle_of_trying_again_leaves_it_for_the_next_hand_in(box: Box) -> None:
    await box.take(OTHER, held(line("1"), 41))
    real, calls = box.play, iter(["", "storage.full"])

    async def play(request: Request) -> Outcome:
        box.trouble = [code for code in (next(calls, ""),) if code]
        return await real(request)

    box.desk = HandInDesk(play, box.known, box.book, lambda: box.kit.now)
    with pytest.raises(Refused) as caught:
        await box.take(POS, held(OPEN, 40))
    assert caught.value.code == "storage.full"
    assert await box.take(POS, held(OPEN, 40)) == ["known"]
    assert box.book.refusals == []


async def test_a_restore_that_is_run_again_with_what_was_missing_plays_what_it_had_refused(box: Box) -> None:
    box.desk.is_collecting = True
    await box.take(POS, held(line("1"), 41))
    await box.play_all()
    assert [each.code for each in box.desk.refused] == ["check.unknown"]
    assert len(box.book.open) == 1
    again = Box(box.kit, box.kit.path.parent)
    again.desk.is_collecting = True
    await again.take(POS, held(line("1"), 41), held(OPEN, 40))
    await again.play_all()
    assert again.book.open == again.book.refusals == []


async def test_a_clock_that_nobody_has_set_yet_costs_no_order(box: Box) -> None:
    """The battery was flat. For good would be too much: a manager sets the clock in a minute, and the tablet hands in again."""
    right = box.kit.now
    box.kit.now = right - timedelta(days=400)
    with pytest.raises(Refused) as refused:
        await box.take(POS, held(OPEN, 5))
    assert (refused.value.code, box.book.open) == ("clock.behind", [])
    box.kit.now = right
    assert await box.take(POS, held(OPEN, 5)) == ["played"]


@pytest.mark.parametrize("code", ["commit.unknown", "storage.full", "edge.busy"])
async def test_trouble_of_the_box_is_no_refusal_and_the_command_is_played_when_it_has_passed(box: Box, code: str) -> None:
    box.desk.is_collecting = True
    await box.take(POS, held(OPEN, 40))
    box.trouble = [code]
    with pytest.raises(Refused) as caught:
        await box.desk.play_next()
    assert caught.value.code == code
    assert box.book.refusals == []
    assert box.desk.waiting == 1
    await box.play_all()
    assert box.desk.tallies[POS.device_id].played == 1
    box.desk.is_collecting = False
    box.trouble = [code]
    with pytest.raises(Refused):
        await box.take(POS, held(line("1"), 41))
    assert await box.take(POS, held(line("1"), 41)) == ["played"]


async def test_a_position_that_is_none_is_refused_before_anything_is_played(box: Box) -> None:
    bad = HeldCommand(submit=submit(line("1")), position="41", at=NOON, business_date="2026-03-02")
    with pytest.raises(Refused) as caught:
        await box.take(POS, held(OPEN, 40), bad)
    assert caught.value.code == "request.malformed"
    assert box.asked == []


async def test_an_id_that_is_none_is_refused_and_kept_like_any_other(box: Box) -> None:
    odd = HeldCommand(submit=submit(OPEN, id="no uuid"), position=held(OPEN, 40).position, at=NOON, business_date="2026-03-02")
    assert await box.take(POS, odd) == ["refused id.malformed"]
