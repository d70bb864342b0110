"""Exempt guests: what they do not owe is taken out of the price, or never put on top."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Line
from shared.domain.check.exempting import ExemptTax, RemoveExemption
from shared.domain.check.view import check_view
from shared.domain.errors import Refused
from tests.unit.shared.domain.arithmetic.cases import DRINK, FOOD, SUGAR, lines
from tests.unit.shared.domain.check.tavern import A, pay, tavern, total
from tests.unit.shared.domain.world import World


def code(world: World, command: ExemptTax | RemoveExemption, role: str = "manager") -> str:
    before = dict(world.states)
    with pytest.raises(Refused) as refused:
        world.do(command, role=role)
    assert world.states == before
    return refused.value.code


def exempt(world: World, *tax_ids: str) -> None:
    world.do(ExemptTax(check_id=A, tax_ids=tax_ids, reason="embassy", certificate="D-77"), role="manager")


def groups(world: World) -> dict[str, tuple[int, int]]:
    return {group.id: (group.tax_minor, group.relieved_minor) for group in check_view(world.check()).tax_groups}


def test_a_diplomat_pays_the_price_without_its_tax_also_of_what_comes_later() -> None:
    world = tavern()
    world.add("pizza")
    exempt(world)
    world.add("stout")
    assert groups(world) == {"food": (0, 98), "drink": (0, 99), "levy": (0, 13)}
    assert total(world) == 1500 - 98 + 617 - 99
    exemption = check_view(world.check()).exemption
    assert exemption is not None
    assert (exemption.certificate, exemption.approved_by) == ("D-77", "tablet")


def test_one_tax_can_be_exempt_alone() -> None:
    world = tavern()
    world.add("pizza")
    world.add("stout")
    exempt(world, "levy")
    assert groups(world) == {"food": (98, 0), "drink": (99, 0), "levy": (0, 13)}
    assert total(world) == 1500 + 617


def test_an_exemption_that_was_a_mistake_is_taken_back_or_replaced() -> None:
    world = tavern()
    world.add("pizza")
    exempt(world, "food")
    exempt(world, "drink")
    assert groups(world) == {"food": (98, 0)}
    world.do(RemoveExemption(check_id=A))
    assert (world.check().exemption, total(world)) == (None, 1500)
    assert world.folded_anew().states == world.states


def test_what_is_refused() -> None:
    world = tavern()
    world.add("pizza")
    command = ExemptTax(check_id=A, reason="embassy")
    assert code(world, command, role="pos") == "approval.missing"
    assert code(world, ExemptTax(check_id=A)) == "reason.missing"
    assert code(world, ExemptTax(check_id=A, reason="embassy", tax_ids=("ghost",))) == "tax.unknown"
    assert code(world, ExemptTax(check_id=A, reason="embassy", revision=0)) == "check.changed"
    assert code(world, ExemptTax(check_id=A, reason="embassy", certificate="\x00")) == "text.control_character"
    assert code(world, RemoveExemption(check_id=A)) == "exemption.not_given"
    world.do(command, role="manager")
    assert code(world, command) == "exemption.already_given"
    assert code(world, RemoveExemption(check_id=A, revision=0)) == "check.changed"
    world.do(RemoveExemption(check_id=A))
    pay(world, 1450)
    assert code(world, command) == "check.overpaid"


@settings(max_examples=200)
@given(lines(pool=(FOOD, DRINK, SUGAR)))
def test_an_exempt_tax_in_the_price_is_taken_out_of_it_and_nothing_else_changes(given_lines: Any) -> None:
    def freed(line: Line) -> Line:
        return msgspec.structs.replace(line, taxes=tuple(msgspec.structs.replace(tax, exempt=True) for tax in line.taxes))

    owed, free = reckon(given_lines), reckon([freed(line) for line in given_lines])
    assert (free.net_minor, free.tax_minor) == (owed.net_minor, 0)
    assert free.total_minor == owed.total_minor - owed.tax_minor
    assert sum(group.relieved_minor for group in free.taxes) == owed.tax_minor
    assert [line.net_minor for line in free.lines] == [line.net_minor for line in owed.lines]
