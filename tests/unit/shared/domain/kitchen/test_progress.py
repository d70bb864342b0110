"""What a waiter sees of the kitchen: one state for each line, whatever the number of stations."""

from itertools import product

from shared.domain.kitchen.changes import line_voided
from shared.domain.kitchen.making import BumpItem, BumpTicket, StartItem
from shared.domain.kitchen.progress import kitchen_state
from shared.domain.kitchen.serving import ServeTicket
from shared.domain.kitchen.showing import MarkShown
from shared.domain.kitchen.state import ITEM_STATES, PENDING, ItemStatus
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, held, scene
from tests.unit.shared.domain.world import name_id

BURGER, STEAK = name_id("burger"), name_id("steak")


def test_a_burger_is_ready_when_both_its_stations_have_made_it() -> None:
    world = scene(WITH_EXPO)
    grill, fry = world.fired("a", held("burger", also_stations=("fry",)), held("steak"))

    def states() -> tuple[ItemStatus, ItemStatus]:
        found = kitchen_state(world.tickets())
        return found[BURGER], found[STEAK]

    assert states() == (ItemStatus.SENT, ItemStatus.SENT)
    world.cook(MarkShown(ticket_ids=(grill.ticket_id,)))
    assert states() == (ItemStatus.SENT, ItemStatus.DISPLAYED), "the fryer has not seen it"
    world.cook(StartItem(ticket_id=fry.ticket_id, line_id=BURGER))
    assert states() == (ItemStatus.STARTED, ItemStatus.DISPLAYED)
    world.cook(BumpTicket(ticket_id=fry.ticket_id))
    assert states() == (ItemStatus.STARTED, ItemStatus.DISPLAYED)
    world.cook(BumpItem(ticket_id=grill.ticket_id, line_id=BURGER))
    assert states() == (ItemStatus.READY, ItemStatus.DISPLAYED)
    world.cook(ServeTicket(ticket_id=fry.ticket_id))
    assert states() == (ItemStatus.READY, ItemStatus.DISPLAYED)
    world.cook(ServeTicket(ticket_id=grill.ticket_id))
    assert states() == (ItemStatus.SERVED, ItemStatus.SERVED)


def test_a_voided_line_is_voided_and_a_line_never_fired_is_not_named() -> None:
    world = scene()
    world.fired("a", held("burger", also_stations=("fry",)))
    world.told(*line_voided(world, name_id("a"), BURGER, ""))
    assert kitchen_state(world.tickets()) == {BURGER: ItemStatus.VOIDED}
    assert kitchen_state([]) == {}


def test_the_table_of_item_states_has_an_end_and_forgets_nothing() -> None:
    assert {ItemStatus.SENT, ItemStatus.DISPLAYED, ItemStatus.STARTED} == PENDING
    for status, act in product(ItemStatus, ("void", "serve")):
        allowed = (status, act) in ITEM_STATES
        assert allowed == (status is not ItemStatus.VOIDED and (act == "void" or status is not ItemStatus.SERVED))
