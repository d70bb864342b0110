"""What a fenced box still held comes into the journal of the present one, or is refused with a word."""

from typing import Any

import msgspec
import pytest

from shared.domain.adopting import AdoptOrphan, OrphanAdopted, OrphanedEntry, orphan_digest
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.check.books import DAY
from shared.domain.check.state import CHECK, Check
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from tests.unit.shared.domain.world import ORG, SITE, World, begun, name_id

A, B = name_id("a"), name_id("b")
DIGEST = "d" * 64


def branch(world: World, *commands: Command) -> list[AdoptOrphan]:
    """The commands as a fenced box accepted them, one after the other, each as the hub would hand it over."""
    made: list[AdoptOrphan] = []
    for number, command in enumerate(commands):
        first = len(world.journal)
        world.do(command, command_id=derived_id("orphaned", number))
        made.append(handed_over(world, first))
    return made


def handed_over(world: World, first: int, **said: Any) -> AdoptOrphan:
    entries: list[OrphanedEntry] = []
    for event, meta in world.journal[first:]:
        body = {
            "org": ORG, "site": SITE, "epoch": meta.epoch, "sequence": meta.sequence, "at": meta.at, "date": meta.date, "device": meta.device_id,
            "command": meta.command_id, "ordinal": meta.ordinal, "of": len(world.journal) - first, "event": event, "digest": DIGEST,
        } | said  # fmt: skip
        entries.append(OrphanedEntry(hash="0" * 64, entry=msgspec.Raw(msgspec.json.encode(body))))
    return AdoptOrphan(entries=tuple(entries))


def adopt(world: World, orphan: AdoptOrphan) -> None:
    world.do(orphan, role="hub", command_id=msgspec.json.decode(orphan.entries[0].entry)["command"])


def refusal(world: World, orphan: AdoptOrphan, command_id: str = "") -> str:
    with pytest.raises(Refused) as refused:
        world.do(orphan, role="hub", command_id=command_id or msgspec.json.decode(orphan.entries[0].entry)["command"])
    return refused.value.code


def parted() -> tuple[World, World]:
    """Check `a` stands open when the box is replaced: (the old box, the present one of epoch 2)."""
    old = begun()
    old.do(OpenCheck(check_id=A, table_id="1"))
    old.do(AddLine(check_id=A, line_id=name_id("soup"), item_id="soup"))
    present = old.folded_anew()
    present.epoch, present.journal, present.head_at = 2, list(old.journal), old.head_at
    return old, present


SALE: tuple[Command, ...] = (
    OpenCheck(check_id=B),
    AddLine(check_id=B, line_id=name_id("wine"), item_id="wine"),
    SendCheck(check_id=B),
    PayCash(check_id=B, tendered_minor=800),
    CloseCheck(check_id=B),
)


def test_a_sale_of_the_fenced_box_is_what_it_was_there() -> None:
    old, present = parted()
    for orphan in branch(old, *SALE):
        adopt(present, orphan)
    books = {key: state for key, state in old.states.items() if key[0] == DAY}
    assert books
    assert {key: state for key, state in present.states.items() if key[0] == DAY} == books
    assert present.check("b") == old.check("b")
    assert present.check("b").epoch == 1, "its number stays in the series of the old box"
    assert present.folded_anew().states == present.states
    assert all(isinstance(event, OrphanAdopted) and meta.date == "2026-03-02" for event, meta in present.journal[-5:])
    assert len(present.tickets()) == 1


def test_two_sales_that_followed_one_another_fit_in_that_order() -> None:
    old, present = parted()
    line, payment = branch(old, AddLine(check_id=A, line_id=name_id("late"), item_id="wine"), PayCash(check_id=A, tendered_minor=1_450))
    adopt(present, line)
    adopt(present, payment)
    assert present.states[CHECK, A] == old.states[CHECK, A]


def test_a_check_that_the_present_box_has_gone_on_with_is_not_paid_twice() -> None:
    old, present = parted()
    [orphan] = branch(old, PayCash(check_id=A, tendered_minor=650))
    present.do(PayCash(check_id=A, tendered_minor=650))
    before = present.check()
    assert refusal(present, orphan) == "orphan.unfit"
    assert present.check() == before


def test_a_payment_whose_check_was_not_adopted_does_not_fit() -> None:
    old, present = parted()
    assert refusal(present, branch(old, *SALE)[3]) == "orphan.unfit"


def test_a_payment_of_lines_that_nobody_adopted_does_not_fit() -> None:
    """Found by the simulator: the guest had paid the late wine too; without it the check would have been overpaid, which no decision
    allows."""
    old, present = parted()
    _, payment = branch(old, AddLine(check_id=A, line_id=name_id("late"), item_id="wine"), PayCash(check_id=A, tendered_minor=1_450))
    before = present.check()
    assert refusal(present, payment) == "orphan.unfit"
    assert present.check() == before


def test_an_event_of_a_newer_release_waits_for_an_update() -> None:
    old, present = parted()
    branch(old, SALE[0])
    orphan = handed_over(old, len(old.journal) - 1, event={"type": "GuestForgotten", "guest": 5})
    assert refusal(present, orphan) == "orphan.unfit"
    orphan = handed_over(old, len(old.journal) - 1, event={"type": "LineAdded", "quantity": "many"})
    assert refusal(present, orphan) == "orphan.unfit"


@pytest.mark.parametrize("type", ["BusinessDayTurned", "EpochStarted", "MenuApplied"])
def test_how_the_old_box_ran_itself_holds_for_no_other(type: str) -> None:
    old, present = parted()
    branch(old, SALE[0])
    event = {
        "type": type,
        "business_date": "2026-03-01",
        "version": "x",
        "org_id": ORG,
        "currency": "EUR",
        "time_zone": "UTC",
        "cut_over_minutes": 1,
    }
    assert refusal(present, handed_over(old, len(old.journal) - 1, event=event)) == "orphan.box_own"


@pytest.mark.parametrize(
    "said",
    [
        {"site": ORG}, {"org": SITE}, {"epoch": 2}, {"epoch": 0}, {"of": 2}, {"ordinal": 1}, {"command": "another"}, {"sequence": "x"},
    ],
)  # fmt: skip
def test_what_is_no_orphan_of_this_site_is_refused(said: dict[str, Any]) -> None:
    old, present = parted()
    branch(old, SALE[0])
    assert refusal(present, handed_over(old, len(old.journal) - 1, **said), derived_id("orphaned", 0)) == "orphan.malformed"


def test_an_orphan_goes_under_the_id_and_the_digest_of_its_command() -> None:
    old, _ = parted()
    [orphan] = branch(old, SALE[0])
    assert orphan_digest(orphan, derived_id("orphaned", 0)) == DIGEST
    with pytest.raises(Refused, match="orphan"):
        orphan_digest(orphan, derived_id("another"))


def test_a_check_says_under_which_epoch_it_last_changed() -> None:
    _, present = parted()
    assert present.check().changed_epoch == 1
    present.do(AddLine(check_id=A, line_id=name_id("wine"), item_id="wine"))
    found = present.find(Check, CHECK, A)
    assert found is not None
    assert found.changed_epoch == 2
