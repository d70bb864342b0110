"""The cache of decoded aggregates: bounded by number and by bytes, and what was used last stays."""

from hypothesis import given
from hypothesis import strategies as st

from edge.app.cache import StateCache
from shared.domain.site import Series


def state(number: int) -> Series:
    return Series(last=number)


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    cache = StateCache(2, 1_000)
    cache.put(("series", "a"), state(1), 10)
    cache.put(("series", "b"), state(2), 10)
    assert cache.get(("series", "a")) == state(1)
    cache.put(("series", "c"), state(3), 10)
    assert [cache.get(("series", id)) for id in "abc"] == [state(1), None, state(3)]


def test_one_large_check_makes_room_for_itself_and_one_that_is_too_large_takes_none() -> None:
    cache = StateCache(100, 100)
    for id in "abcde":
        cache.put(("series", id), state(0), 20)
    cache.put(("series", "large"), state(1), 60)
    assert (len(cache), cache.bytes) == (3, 100)
    cache.put(("series", "huge"), state(2), 101)
    assert (len(cache), cache.get(("series", "huge"))) == (3, None)


def test_a_state_that_has_outgrown_the_cache_is_not_answered_from_what_it_was() -> None:
    cache = StateCache(100, 100)
    cache.put(("series", "a"), state(1), 20)
    cache.put(("series", "a"), state(2), 101)
    assert cache.get(("series", "a")) is None
    assert cache.bytes == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 40), st.booleans())))
def test_it_never_holds_more_than_its_bounds_and_never_what_is_old(moves: list[tuple[str, int, bool]]) -> None:
    cache, last = StateCache(3, 60), dict[str, int]()
    for number, (id, size, is_put) in enumerate(moves):
        if is_put:
            cache.put(("series", id), state(number), size)
            last[id] = number
        else:
            assert cache.get(("series", id)) in (None, state(last.get(id, -1)))
        assert len(cache) <= 3
        assert 0 <= cache.bytes <= 60
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)
