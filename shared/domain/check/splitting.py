"""Splitting a check into several: by seats, by lines, or by shares of a line (golden rule 7).

What lives here: SplitCheck, its event and its rules. Who bears what is in bearing.py, what each part comes to in parts.py and in the
arithmetic; the way back is merging.py. Payments are not divided: they stay where they were taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, changed, ensure_ids, ensure_lines, ensure_not_overpaid, ensure_unchanged, find_check
from shared.domain.check.bearing import BEARING_ERRORS, LineWeights, covers_of, ensure_bearable, lead_of, unclear, weights_of
from shared.domain.check.opening import series_of
from shared.domain.check.parts import Part, divide, kitchen_ids
from shared.domain.check.reckoning import money_changed
from shared.domain.check.state import CHECK, Check, CheckStatus
from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.labels import lines_moved
from shared.domain.site import next_number, numbered
from shared.domain.text import Id
from shared.limits import CHECK_LINES_MAX, COVERS_MAX, SPLIT_WAYS_MAX

__all__ = ["FEATURE", "CheckSplit", "LineWeights", "SplitCheck", "SplitChild", "SplitLine"]

_Seat = Annotated[int, msgspec.Meta(ge=1, le=COVERS_MAX)]


class SplitCheck(Command, frozen=True):
    """Split a check into itself and `into`, new checks. `seats` gives each of them, the check itself first, its seats; lines of no
    seat are borne by all seats alike, and seats that are not named stay. `assignments` say it for single lines, and go before
    seats; a line that nothing is said of stays. What is not in the kitchen yet goes to one check alone."""

    check_id: Id
    into: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=SPLIT_WAYS_MAX - 1)]
    seats: Annotated[tuple[tuple[_Seat, ...], ...], msgspec.Meta(max_length=SPLIT_WAYS_MAX)] = ()
    assignments: Annotated[tuple[LineWeights, ...], msgspec.Meta(max_length=CHECK_LINES_MAX)] = ()
    revision: Annotated[int, msgspec.Meta(ge=0)] | None = None


class SplitChild(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A check of the split, and what it comes to: as in CheckClosed, stated for readers and checked against the lines."""

    check_id: str
    number: int
    covers: int
    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int


class SplitLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The weights by which the children bear a line."""

    line_id: str
    weights: tuple[int, ...]


class CheckSplit(Event, frozen=True):
    """The first of `children` is the check itself; lines that are not named stay with it. With `documents` each child was computed
    as a fiscal document of its own, else they add up to the check to the cent. `business_date` is that of the new checks."""

    check_id: str
    children: tuple[SplitChild, ...]
    lines: tuple[SplitLine, ...]
    business_date: str
    documents: bool = False


# --- decision --------------------------------------------------------------------------------------


def _split(view: View, command: SplitCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "split")
    ensure_unchanged(check, command.revision)
    ids = (command.check_id, *command.into)
    _ensure_new(view, ids)
    if not command.seats and not command.assignments:
        raise unclear(check, "Neither seats nor lines are given.")
    weights = weights_of(check, len(ids), command.seats, command.assignments)
    ensure_bearable(check, weights, len(ids))
    documents = context.menu.rules.split_documents
    parts = divide(check, ids, weights, documents)
    ensure_not_overpaid(_first(check, parts[0]))
    series = series_of("check", check.training)
    numbers = (check.number, *[next_number(view, context.epoch, series, ahead) for ahead in range(len(command.into))])
    covers = covers_of(check, len(ids), command.seats)
    yield CheckSplit(
        check_id=check.check_id,
        children=tuple([_child(part, *labels) for part, *labels in zip(parts, numbers, covers, strict=True)]),
        lines=tuple([SplitLine(line_id=id, weights=own) for id, own in weights.items() if any(own[1:])]),
        business_date=context.today if check.closings else check.business_date,  # as registry.booking_date says
        documents=documents,
    )
    for place, (child_id, number) in enumerate(zip(command.into, numbers[1:], strict=True), start=1):
        followed = [id for line in check.kept_lines if lead_of(weights[line.line_id]) == place for id in kitchen_ids(line)]
        yield from lines_moved(view, check.check_id, child_id, followed, number, check.table_id)


def _ensure_new(view: View, ids: Sequence[str]) -> None:
    ensure_ids(*ids)
    for place, id in enumerate(ids[1:], start=1):
        if id in ids[:place] or view.find(Check, CHECK, id) is not None:
            raise Refused("check.already_open", f"Check {id} has been opened.", check_id=id)


def _child(part: Part, number: int, covers: int) -> SplitChild:
    gross, net, tax, total = _totals(part)
    return SplitChild(
        check_id=part.check_id, number=number, covers=covers, gross_minor=gross, net_minor=net, tax_minor=tax, total_minor=total
    )


def _totals(part: Part) -> tuple[int, int, int, int]:
    """Gross, net with service charges, tax and total."""
    sums = part.sums
    return sums.gross_minor, sums.net_minor + sums.service_net_minor, sums.tax_minor, sums.total_minor


# --- evolution -------------------------------------------------------------------------------------


def _was_split(view: View, event: CheckSplit, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "split")
    first, *others = event.children
    if first.check_id != event.check_id or any(view.find(Check, CHECK, child.check_id) is not None for child in others):
        raise ValueError(f"an event splits check {event.check_id} into checks that are there already")
    ensure_lines(check, [line.line_id for line in event.lines])
    stays = (1, *[0] * len(others))
    weights = {line.line_id: stays for line in check.kept_lines} | {line.line_id: line.weights for line in event.lines}
    parts = divide(check, [child.check_id for child in event.children], weights, event.documents)
    for part, child in zip(parts, event.children, strict=True):
        stated = child.gross_minor, child.net_minor, child.tax_minor, child.total_minor
        if stated != (known := _totals(part)):
            raise ValueError(f"check {child.check_id} was split off at {stated}, its lines come to {known}")
    checks = [msgspec.structs.replace(_first(check, parts[0]), covers=first.covers)]
    checks += [_opened(check, part, child, event, meta) for part, child in zip(parts[1:], others, strict=True)]
    return {**changed(*checks), **numbered(meta.epoch, series_of("check", check.training), others[-1].number)}


def _first(check: Check, part: Part) -> Check:
    """What is left of the check that is split."""
    return money_changed(check, lines=part.lines, given=part.sums, discounts=part.discounts, charges=part.charges)


def _opened(check: Check, part: Part, child: SplitChild, event: CheckSplit, meta: Meta) -> Check:
    """A new check: of the guests, table and owner of the one it comes from, who have been there since that was opened."""
    return Check(
        check_id=child.check_id,
        number=child.number,
        epoch=meta.epoch,
        business_date=event.business_date,
        currency=check.currency,
        status=CheckStatus.OPEN,
        opened_at=meta.at if check.closings else check.opened_at,
        table_id=check.table_id,
        covers=child.covers,
        lines=part.lines,
        service=check.service,
        order_number=check.order_number,
        name=check.name,
        dining_option=check.dining_option,
        price_level=check.price_level,
        owner_id=check.owner_id,
        device_id=check.device_id,
        training=check.training,
        discounts=part.discounts,
        charges=part.charges,
        waived_charges=check.waived_charges,
        exemption=check.exemption,
        given=part.sums,
        split_from=check.check_id,
    )


FEATURE = Feature(
    name="check.splitting",
    deciders={SplitCheck: ("order", _split)},
    evolvers={CheckSplit: _was_split},
    errors=BEARING_ERRORS,
)
