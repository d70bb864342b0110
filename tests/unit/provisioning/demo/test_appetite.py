"""What guests feel like is always something that the box takes."""

import random

import pytest

from provisioning.demo.appetite import Appetite
from provisioning.demo.plan import MENUS, SITES
from shared.domain.check import Check
from shared.domain.errors import Refused
from shared.domain.menu import decode_menu
from tests.unit.shared.domain.world import begun, name_id


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.key)
def test_a_thousand_lines_are_all_accepted(site):
    menu = decode_menu((MENUS / site.menu).read_bytes())
    world = begun(menu=menu)
    appetite = Appetite(menu, random.Random(5))
    seen = set()
    for number in range(1_000):
        check = f"check {number // 20}"
        if number % 20 == 0:
            world.open(check)
        line = appetite.line(name_id(check), name_id(f"line {number}"))
        try:
            world.do(line)
        except Refused as refused:
            pytest.fail(f"{line}: {refused}")
        seen.add(line.item_id)
    assert seen == {item.id for item in menu.items if not item.daypart_ids}


def test_the_trattoria_shows_what_the_rules_can_do():
    menu = decode_menu((MENUS / "trattoria.json").read_bytes())
    world = begun(menu=menu)
    appetite = Appetite(menu, random.Random(1))
    for number in range(100):
        world.open(f"check {number}")
        for line in range(5):
            world.do(appetite.line(name_id(f"check {number}"), name_id(f"line {number}/{line}")))
    lines = [line for state in world.states.values() if isinstance(state, Check) for line in state.lines]
    modifiers = [modifier for line in lines for modifier in line.modifiers]
    assert any(line.combo for line in lines)
    assert any(line.weight for line in lines)
    assert any(line.on_hold for line in lines)
    assert {"left", "right", "whole"} <= {modifier.portion for modifier in modifiers}
    assert any(modifier.depth for modifier in modifiers)
    assert len({line.course for line in lines}) > 3
