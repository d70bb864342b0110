"""Parts of a check: what becomes of its lines, discounts and charges when it is divided, or when some of its lines leave it.

What lives here: pure functions over the state that splitting and moving share. How parts become whole again is in joining.py;
commands and events are not known here.

A line that several checks bear stands on each as a `Share` of it. The share's id derives from the line that was shared and the
check that it stands on, so that a check has one share of a line however often it is split, and shares that meet become one again.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from shared.domain.arithmetic.rates import ratio
from shared.domain.arithmetic.splits import split, split_anew
from shared.domain.arithmetic.types import LineShare, Sums
from shared.domain.check.reckoning import sums_of
from shared.domain.check.state import Check, GivenCharge, GivenDiscount, Line, LineStatus, Share
from shared.domain.ids import derived_id

__all__ = ["Part", "divide", "divided", "fixed", "is_divisible", "kitchen_ids", "part_of"]

_Discounts = tuple[GivenDiscount, ...]


class Part(NamedTuple):
    """What one check gets of another: `sums` name the lines as they are called here."""

    check_id: str
    lines: tuple[Line, ...]
    sums: Sums
    discounts: _Discounts
    charges: tuple[GivenCharge, ...]


def divide(check: Check, check_ids: Sequence[str], weights: Mapping[str, Sequence[int]], documents: bool) -> list[Part]:
    """The parts of a check by golden rule 7; `weights` of each line that is not voided say who bears it. What is voided stays on the
    first. With `documents` each is computed as a fiscal document of its own.

    Discounts and fixed charges become what of them each line and check was granted, so that a part that is reckoned anew has the
    same prices; a promotion that was granted stands. Raises ValueError for weights that arithmetic does not take.
    """
    whole = sums_of(check)
    parts: list[Part] = []
    for place, (check_id, sums) in enumerate(zip(check_ids, (split_anew if documents else split)(whole, weights), strict=True)):
        gross = {line.line_id: line.gross_minor for line in sums.lines}
        lines, names = _lines_of(check, check_id, place, weights, gross)
        own = _renamed_sums(sums, names, whole.void_minor if place == 0 else 0)
        parts.append(Part(check_id, lines, own, _granted(check.discounts, own), _charges_of(check.charges, own)))
    return parts


def _lines_of(
    check: Check, check_id: str, place: int, weights: Mapping[str, Sequence[int]], gross: Mapping[str, int]
) -> tuple[tuple[Line, ...], dict[str, str]]:
    """The lines of a part, and how those that are shared are called there."""
    here = [line for line in check.lines if (place == 0 if line.status is LineStatus.VOIDED else line.line_id in gross)]
    shared = {line.line_id for line in here if line.line_id in gross and sum(map(bool, weights[line.line_id])) > 1}
    taken = {line.line_id for line in here} - shared
    names: dict[str, str] = {}
    lines: list[Line] = []
    for line in here:
        if line.line_id not in shared:
            lines.append(line)
            continue
        source = line.share.source_line_id if line.share else line.line_id
        name = derived_id(source, check_id)
        if name in taken:  # a second share of it, which is not like the first
            name = derived_id(line.line_id, check_id)
        taken.add(name)
        names[line.line_id] = name
        own = weights[line.line_id]
        share = Share(source_line_id=source, part=str(part_of(line) * Fraction(own[place], sum(own))), amount_minor=gross[line.line_id])
        lines.append(msgspec.structs.replace(line, line_id=name, share=share, revision=line.revision + 1))
    return tuple(lines), names


def part_of(line: Line) -> Fraction:
    """How much of what was ordered the line is: 1, or less for a share."""
    return Fraction(line.share.part) if line.share else Fraction(1)


def _renamed_sums(sums: Sums, names: Mapping[str, str], void_minor: int) -> Sums:
    replace = msgspec.structs.replace
    return replace(
        sums,
        void_minor=void_minor,
        lines=tuple([replace(line, line_id=names[line.line_id]) if line.line_id in names else line for line in sums.lines]),
        discounts=tuple([
            replace(each, lines=tuple([LineShare(names.get(share.line_id, share.line_id), share.amount_minor) for share in each.lines]))
            for each in sums.discounts
        ]),
    )  # fmt: skip


def _granted(given: Iterable[GivenDiscount], sums: Sums) -> _Discounts:
    """The discounts as what of each came off which line; one that nothing came off by is gone. One of the whole check is one of its
    lines now, and a promotion stands."""
    off: dict[str, dict[str, int]] = {each.id: {share.line_id: share.amount_minor for share in each.lines} for each in sums.discounts}
    return tuple([fixed(each, off[each.discount_id], stands=True) for each in given if off.get(each.discount_id)])


def fixed(given: GivenDiscount, off: Mapping[str, int], *, stands: bool) -> GivenDiscount:
    """The discount as what of it comes off which line; with `stands` a promotion is granted, whatever the rules will say."""
    return msgspec.structs.replace(
        given,
        scope="item" if given.scope == "order" else given.scope,
        rate="",
        amount_minor=sum(off.values()),
        line_ids=tuple(off),
        parts_minor=tuple(off.values()),
        granted=given.granted or (stands and given.scope == "promotion"),
    )


def _charges_of(given: Iterable[GivenCharge], sums: Sums) -> tuple[GivenCharge, ...]:
    """Charges that are a rate stand on every part; of fixed ones each has what was allocated to it."""
    amounts = {charge.charge.id: charge.amount_minor for charge in sums.charges}
    return tuple([
        msgspec.structs.replace(each, automatic=False, amount_minor=0 if each.rate else amounts.get(each.charge_id, 0)) for each in given
    ])  # fmt: skip


def is_divisible(discount: GivenDiscount) -> bool:
    """Whether some of its lines can leave a discount of several without a cent's change: what comes off each hangs on that line alone."""
    by_itself = discount.scope == "item" and bool(discount.rate)
    return bool(discount.parts_minor) or by_itself or (bool(discount.rate) and ratio(discount.rate) == (1, 1))


def divided(discounts: Iterable[GivenDiscount], line_ids: frozenset[str]) -> tuple[_Discounts, _Discounts]:
    """(what stays, what goes) of a check's discounts when these lines leave it; those of the whole check stay. Raises ValueError for
    one that cannot be divided."""
    stay: list[GivenDiscount] = []
    go: list[GivenDiscount] = []
    for each in discounts:
        gone = [id for id in each.line_ids if id in line_ids]
        if not gone:
            stay.append(each)
        elif len(gone) == len(each.line_ids):
            go.append(each)
        elif is_divisible(each):
            stay += _only(each, frozenset(each.line_ids) - line_ids)
            go += _only(each, line_ids)
        else:
            raise ValueError(f"the discount {each.discount_id} is on lines that go and on lines that stay")
    return tuple(stay), tuple(go)


def _only(given: GivenDiscount, line_ids: frozenset[str]) -> _Discounts:
    """The discount on these of its lines alone; none where that is nothing."""
    if not given.parts_minor:
        return (msgspec.structs.replace(given, line_ids=tuple([id for id in given.line_ids if id in line_ids])),)
    parts = {id: part for id, part in zip(given.line_ids, given.parts_minor, strict=True) if id in line_ids}
    return (fixed(given, parts, stands=False),) if any(parts.values()) else ()


def kitchen_ids(line: Line) -> tuple[str, ...]:
    """How the kitchen may know the line: shares were fired as the whole."""
    return (line.line_id, line.share.source_line_id) if line.share else (line.line_id,)
