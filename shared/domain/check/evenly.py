"""An even split: what is due in parts that differ by one minor unit at most, on the check as it is (golden rule 7).

What lives here: SplitEvenly, its event and its rules. It divides no lines; who pays a part names its number when paying.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.arithmetic.splits import split_evenly
from shared.domain.check.acts import before, changed, ensure_unchanged, find_check
from shared.domain.check.reckoning import due_minor, noted
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id
from shared.limits import SPLIT_WAYS_MAX

__all__ = ["FEATURE", "CheckSplitEvenly", "SplitEvenly"]


class SplitEvenly(Command, frozen=True):
    """Split what is due in so many parts, which are paid one by one; any change of what the check comes to undoes it. One way undoes
    an even split."""

    check_id: Id
    ways: Annotated[int, msgspec.Meta(ge=1, le=SPLIT_WAYS_MAX)]
    revision: Annotated[int, msgspec.Meta(ge=0)] | None = None


class CheckSplitEvenly(Event, frozen=True):
    """`shares_minor` add up to what is due, the larger ones first; none undoes an even split."""

    check_id: str
    shares_minor: tuple[int, ...]


def _split_evenly(view: View, command: SplitEvenly, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "split")
    ensure_unchanged(check, command.revision)
    due = due_minor(check)
    if command.ways == 1:
        if not check.even_shares:
            raise Refused("split.not_even", f"Check {check.number} is not split evenly.", check_id=check.check_id)
        yield CheckSplitEvenly(check_id=check.check_id, shares_minor=())
        return
    if due < command.ways:
        detail = f"{due} is due on check {check.number}, too little for {command.ways} parts."
        raise Refused("split.too_little_due", detail, check_id=check.check_id, due_minor=due)
    yield CheckSplitEvenly(check_id=check.check_id, shares_minor=tuple(split_evenly(due, command.ways)))


def _was_split_evenly(view: View, event: CheckSplitEvenly, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "split")
    if event.shares_minor and sum(event.shares_minor) != due_minor(check):
        raise ValueError(f"check {event.check_id} was split into {event.shares_minor}, {due_minor(check)} is due on it")
    return changed(noted(check, even_shares=event.shares_minor))


FEATURE = Feature(
    name="check.evenly",
    deciders={SplitEvenly: ("order", _split_evenly)},
    evolvers={CheckSplitEvenly: _was_split_evenly},
    errors={
        "split.too_little_due": ErrorInfo(409, "Too little is due to be split so often.", "Split it fewer ways, or take payment."),
        "split.not_even": ErrorInfo(409, "The check is not split evenly.", "Nothing needs to be done."),
    },
)
