"""What the checks of a menu share: the ids that it has, and sentences on ids that stand twice or are unknown.

What lives here: helpers without a rule of their own.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple, TypeVar

from shared.domain.menu.document import Menu
from shared.domain.menu.floor import DINE_IN, TAKE_AWAY
from shared.domain.money import parse_rate

__all__ = ["Known", "circles", "date_problem", "id_problems", "rate_problem", "repeated", "unknown"]

T = TypeVar("T", str, tuple[str, str])


class Known(NamedTuple):
    """The ids of a menu, by what they name. Where a menu lists no categories, those that its items name are known; where it lists no
    stations, any is (None); without dining options there are two of their own."""

    items: Collection[str]
    groups: Collection[str]
    taxes: Collection[str]
    categories: Collection[str]
    courses: Collection[str]
    stations: Collection[str] | None
    levels: Collection[str]
    dayparts: Collection[str]
    dining_options: Collection[str]

    @classmethod
    def of(cls, menu: Menu) -> "Known":
        return cls(
            items=menu.items_by_id.keys(),
            groups=menu.groups_by_id.keys(),
            taxes=menu.taxes_by_id.keys(),
            categories=menu.categories_by_id.keys() if menu.categories else {item.category for item in menu.items},
            courses=menu.courses_by_id.keys(),
            stations={station.id for station in menu.stations} if menu.stations else None,
            levels={level.id for level in menu.price_levels},
            dayparts=menu.dayparts_by_id.keys(),
            dining_options={option.id for option in menu.dining_options} if menu.dining_options else {DINE_IN, TAKE_AWAY},
        )


def repeated(ids: Iterable[T]) -> list[T]:
    """Those that stand more than once, each once."""
    return [id for id, count in Counter(ids).items() if count > 1]


def unknown(place: str, what: str, ids: Iterable[str], known: Collection[str] | None) -> Iterator[str]:
    """A sentence for each id that is not among the known (None: any is)."""
    if known is not None:
        yield from (f"{place} names the unknown {what} {id!r}" for id in dict.fromkeys(ids) if id not in known)


def id_problems(place: str, what: str, ids: Collection[str], known: Collection[str] | None) -> Iterator[str]:
    """A sentence for each id that stands twice or is unknown."""
    if ids:
        yield from (f"{place} names the {what} {id!r} twice" for id in repeated(ids))
        yield from unknown(place, what, ids, known)


def circles(ids: Iterable[str], below: Callable[[str], Iterable[str]]) -> list[str]:
    """The ids from which one comes back to the same by way of `below`."""
    reached: dict[str, set[str]] = {}
    for id in ids:
        seen: set[str] = set()
        ahead = list(below(id))
        while ahead:
            next_id = ahead.pop()
            if next_id not in seen:
                seen.add(next_id)
                ahead += reached.get(next_id) or below(next_id)
        reached[id] = seen
    return [id for id, seen in reached.items() if id in seen]


def rate_problem(place: str, rate: str, *, above_zero: bool = False) -> Iterator[str]:
    """A sentence unless the rate is between 0% and 100%, and above 0% where it must be."""
    try:
        parsed = parse_rate(rate)
    except ValueError as error:
        yield f"{place} (rate): {error}"
        return
    if not 0 <= parsed <= 1:
        yield f"{place} (rate): {rate!r} is not between 0% and 100%"
    elif above_zero and not parsed:
        yield f"{place} (rate): {rate!r} is nothing"


def date_problem(place: str, text: str) -> Iterator[str]:
    """A sentence unless the text is empty or a date written as YYYY-MM-DD."""
    if text and not _is_date(text):
        yield f"{place}: {text!r} is no date such as 2026-12-31"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
