"""The promotions of a menu, made ready to be asked about lines.

What lives here: which lines a promotion is for, by what they are and when they were added. How units of them make a promotion
is in promotions.py; checks are not known here.
"""

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.domain.arithmetic.rates import ratio
from shared.domain.check.state import Line
from shared.domain.menu.document import Menu
from shared.domain.menu.effective import dayparts_in_force
from shared.domain.menu.rules import Promotion
from shared.limits import CATEGORY_DEPTH_MAX

__all__ = ["Rule", "rules_of"]

_RULES = "_promotions"


class Rule(NamedTuple):
    """A promotion with what it names, ready to be asked: categories with all below them."""

    promotion: Promotion
    item_ids: frozenset[str]
    categories: frozenset[str]
    dayparts: frozenset[str]

    def is_for(self, line: Line, menu: Menu, zone: ZoneInfo) -> bool:
        """Whether units of the line can take part: by what it is, and for a happy hour by when it was added."""
        if (self.item_ids or self.categories) and not (line.item_id in self.item_ids or line.category in self.categories):
            return False
        if self.promotion.kind != "happy_hour":
            return True
        at = line.added_at
        return at is not None and not self.dayparts.isdisjoint(dayparts_in_force(menu, at.astimezone(zone).replace(tzinfo=None)))


def rules_of(menu: Menu) -> tuple[Rule, ...]:
    """The promotions of the menu, made ready once for each menu and kept beside it."""
    if not menu.rules.promotions:
        return ()
    found: tuple[Rule, ...] | None = vars(menu).get(_RULES)
    if found is None:
        found = vars(menu)[_RULES] = tuple([
            Rule(each, frozenset(each.item_ids), _with_those_below(menu, each.category_ids), frozenset(each.daypart_ids))
            for each in menu.rules.promotions
            if _is_readable(each)
        ])  # fmt: skip
    return found


def _is_readable(promotion: Promotion) -> bool:
    """Whether its rate is one. A menu is checked before it is put in force (problems.py); one that an older release let pass must
    not stop a waiter, so such a promotion gives nothing."""
    try:
        ratio(promotion.rate)
    except ValueError:
        return False
    return True


def _with_those_below(menu: Menu, ids: Iterable[str]) -> frozenset[str]:
    named = set(ids)
    for category in menu.categories if named else ():
        above = category.parent
        for _ in range(CATEGORY_DEPTH_MAX):
            if not above:
                break
            if above in ids:
                named.add(category.id)
                break
            above = menu.categories_by_id[above].parent if above in menu.categories_by_id else ""
    return frozenset(named)
