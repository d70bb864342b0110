"""Who bears what: what is unclear, what cannot be shared, and how much one split may make."""

from typing import Any

import msgspec
import pytest

from shared.domain.check import CheckSplit, SplitCheck
from shared.domain.check.state import Share
from shared.domain.check.voiding import VoidLine
from shared.limits import CHECK_LINES_MAX, ENTRY_BYTES_MAX, SPLIT_WAYS_MAX, SPLIT_WEIGHT_MAX
from tests.unit.shared.domain.check.parties import at_table, bears, by_seats, copy_of, ensure_followed
from tests.unit.shared.domain.check.till import refused
from tests.unit.shared.domain.world import World, begun, name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")


def test_what_has_not_been_sent_is_not_shared() -> None:
    world = at_table()
    world.add("wine", line="later")
    found = refused(world, SplitCheck(check_id=A, into=(B,), seats=((1,), (2,))))
    assert (found.code, found.facts) == ("split.line_held", {"check_id": A, "line_id": name_id("later")})
    by_seats(world, "b", (1,), (2,), assignments=(bears("later", 1, 0),))
    assert name_id("later") in {line.line_id for line in world.check().lines}


# --- what is refused ---

UNCLEAR: list[dict[str, Any]] = [
    {},
    {"seats": ((1,), (2,), (3,))},
    {"seats": ((1, 2), (2,))},
    {"seats": ((1,), (2, 2))},
    {"assignments": (bears("wine", 1, 1, 1),)},
    {"assignments": (bears("wine", 0, 0),)},
    {"assignments": (bears("wine", 0, 1), bears("wine", 1, 0))},
]


@pytest.mark.parametrize("how", UNCLEAR)
def test_a_split_that_is_not_clear_is_asked_again(how: dict[str, Any]) -> None:
    found = refused(at_table(), SplitCheck(check_id=A, into=(B,), **how))
    assert (found.code, found.facts["check_id"]) == ("split.unclear", A)


def test_what_stands_in_the_middle_is_borne_by_somebody() -> None:
    world = begun()
    world.open()
    world.add("soup", line="soup")
    world.add("wine", line="wine")
    how = (bears("soup", 1, 0), bears("wine", 0, 1))
    assert refused(world, SplitCheck(check_id=A, into=(B,), seats=((), ()), assignments=how)).code == "split.unclear"


@pytest.mark.parametrize(("line", "code"), [("ghost", "line.unknown"), ("spilled", "line.already_voided")])
def test_only_lines_of_the_check_are_split(line: str, code: str) -> None:
    world = at_table()
    world.add("wine", line="spilled")
    world.do(VoidLine(check_id=A, line_id=name_id("spilled")))
    assert refused(world, SplitCheck(check_id=A, into=(B,), assignments=(bears(line, 0, 1),))).code == code


def test_nobody_gets_an_empty_check() -> None:
    world = at_table()
    for how in ({"seats": ((1,), (2,), ())}, {"assignments": tuple([bears(name, 0, 1, 1) for name in ("soup", "wine", "middle")])}):
        found = refused(world, SplitCheck(check_id=A, into=(B, C), **how))  # type: ignore[arg-type]
        assert found.code == "split.nothing_for_one"
    assert found.facts["place"] == 0


@pytest.mark.parametrize(("into", "code"), [((A,), "check.already_open"), ((B, B), "check.already_open"), (("B" * 36,), "id.malformed")])
def test_a_new_check_has_an_id_of_its_own(into: tuple[str, ...], code: str) -> None:
    world = at_table()
    weights = bears("wine", 0, *[1] * len(into))
    with pytest.raises(Exception, match=code):
        world.do(SplitCheck(check_id=A, into=into, assignments=(weights,)))
    world.open("b")
    assert refused(world, SplitCheck(check_id=A, into=(B,), assignments=(bears("wine", 0, 1),))).facts == {"check_id": B}


def test_a_share_has_an_end() -> None:
    world = at_table()
    share = Share(source_line_id=name_id("wine"), part="1/999999937", amount_minor=0)
    lines = tuple([msgspec.structs.replace(line, share=share) if line.name == "Wine" else line for line in world.check().lines])
    world.states["check", A] = msgspec.structs.replace(world.check(), lines=lines)
    assert refused(world, SplitCheck(check_id=A, into=(B,), assignments=(bears("wine", 1, 1),))).code == "split.too_fine"


# --- bounds ---


def crowded() -> World:
    """The largest check there can be, of a whole banquet, in the kitchen."""
    world = at_table()
    wine = world.check().lines[1]
    lines = tuple([msgspec.structs.replace(wine, line_id=name_id(f"wine {n}"), seat=n % 51) for n in range(CHECK_LINES_MAX)])
    world.states["check", A] = msgspec.structs.replace(world.check(), lines=lines, covers=50)
    return world


EVERYBODY = tuple([name_id(f"guest {n}") for n in range(SPLIT_WAYS_MAX - 1)])


def test_the_largest_check_is_split_as_often_as_can_be_and_fits_an_entry() -> None:
    world = crowded()
    seats = tuple([(n,) for n in range(1, SPLIT_WAYS_MAX + 1)])
    middle = tuple([bears(f"wine {n}", *[0] * (n % 50), SPLIT_WEIGHT_MAX, *[0] * (49 - n % 50)) for n in range(0, CHECK_LINES_MAX, 51)])
    before = copy_of(world)
    [event, *_] = world.do(SplitCheck(check_id=A, into=EVERYBODY, seats=seats, assignments=middle))
    assert isinstance(event, CheckSplit)
    assert len(event.children) == SPLIT_WAYS_MAX
    assert sum(child.total_minor for child in event.children) == CHECK_LINES_MAX * 800
    assert len(msgspec.json.encode(event)) < ENTRY_BYTES_MAX // 2
    ensure_followed(before, world)


def test_a_split_that_no_screen_could_be_shown_is_refused() -> None:
    world = crowded()
    thin = tuple([bears(f"wine {n}", *[1] * SPLIT_WAYS_MAX) for n in range(41)])
    assert refused(world, SplitCheck(check_id=A, into=EVERYBODY, assignments=thin)).code == "split.too_large"


def test_the_longest_event_of_a_split_fits_an_entry() -> None:
    widest = [{"line_id": A, "weights": [SPLIT_WEIGHT_MAX] * SPLIT_WAYS_MAX} for _ in range(CHECK_LINES_MAX)]
    assert len(msgspec.json.encode(widest)) < ENTRY_BYTES_MAX // 2
