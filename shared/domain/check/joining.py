"""Parts that become whole again: lines that come onto a check with their discounts, and shares of one line that meet there.

What lives here: pure functions over the state that merging and moving share. How a check comes apart is in parts.py; commands and
events are not known here.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec

from shared.domain.check.parts import fixed, part_of
from shared.domain.check.reckoning import money_changed, sums_of
from shared.domain.check.state import Check, GivenDiscount, Line, LineStatus, Share
from shared.domain.ids import derived_id

__all__ = ["LineTwice", "joined", "received"]


class LineTwice(ValueError):
    """A line would stand on the check twice, or under the id of a combo: `line_id`. Ids come from devices, which may use one on two
    checks."""

    def __init__(self, message: str, line_id: str) -> None:
        super().__init__(message)
        self.line_id = line_id


def joined(lines: Iterable[Line]) -> tuple[tuple[Line, ...], dict[str, str]]:
    """(the lines with shares of one line made one again, what the shares are called now). All shares of a line are that line;
    some are a larger share, under the id of the first. One that stood at several seats is for the table; shares that differ in
    anything else, say in how they are eaten, stay apart."""
    all_lines = tuple(lines)
    meeting: dict[tuple[str, Line], list[int]] = {}
    for place, line in enumerate(all_lines):
        if line.share is not None and line.status is not LineStatus.VOIDED:
            alike = msgspec.structs.replace(line, line_id="", share=None, seat=0, revision=0)
            meeting.setdefault((line.share.source_line_id, alike), []).append(place)
    becomes: dict[int, Line | None] = {}
    names: dict[str, str] = {}
    for (source, _), places in meeting.items():
        if len(places) > 1:
            shares = [all_lines[place] for place in places]
            one = _one_of(source, shares)
            becomes |= dict.fromkeys(places) | {places[0]: one}
            names |= {share.line_id: one.line_id for share in shares}
    kept = [becomes.get(place, line) for place, line in enumerate(all_lines)]
    return tuple([line for line in kept if line is not None]), names


def _one_of(source: str, shares: Sequence[Line]) -> Line:
    amount = sum(share.amount_minor for share in shares)
    part = sum((part_of(share) for share in shares), Fraction(0))
    revision = max(share.revision for share in shares) + 1
    seats = {share.seat for share in shares}
    one = msgspec.structs.replace(shares[0], seat=seats.pop() if len(seats) == 1 else 0, revision=revision)
    whole = msgspec.structs.replace(one, line_id=source, share=None)
    if part == 1 and whole.amount_minor == amount:
        return whole
    return msgspec.structs.replace(one, share=Share(source_line_id=source, part=str(part), amount_minor=amount))


def received(check: Check, giver: Check, lines: Sequence[Line], discounts: Sequence[GivenDiscount]) -> Check:
    """The check with `lines` of `giver`, and the `discounts` that come with them. Where shares become one, what comes off them is
    fixed as it was on either check. Raises LineTwice."""
    together, names = joined((*check.lines, *[_at_home(line, giver, check) for line in lines]))
    known = {line.combo.combo_id for line in together if line.combo is not None}  # which names lines as well
    for line in together:
        if line.line_id in known:
            raise LineTwice(f"check {check.number} and check {giver.number} both have a line {line.line_id}", line.line_id)
        known.add(line.line_id)
    discounts = _distinct(check, giver, discounts)
    both = {each.discount_id for each in check.discounts} & {each.discount_id for each in discounts}
    own = _named(_frozen(check.discounts, check, names, both), names)
    coming = {each.discount_id: each for each in _named(_frozen(discounts, giver, names, both), names)}
    merged = [_added(each, coming.pop(each.discount_id, None)) for each in own]
    return money_changed(check, lines=together, discounts=(*merged, *coming.values()))


def _at_home(line: Line, giver: Check, check: Check) -> Line:
    """A line that was ordered by the option of its check says so on a check of another one."""
    if line.dining_option or giver.dining_option == check.dining_option:
        return line
    return msgspec.structs.replace(line, dining_option=giver.dining_option)


def _distinct(check: Check, giver: Check, coming: Iterable[GivenDiscount]) -> list[GivenDiscount]:
    """The discounts that come; one that merely has the id of another one, as ids of devices may, gets an id of its own."""
    known = {each.discount_id: each for each in check.discounts}
    return [
        each
        if (own := known.get(each.discount_id)) is None or (own.line_ids and (own.scope, own.name) == (each.scope, each.name))
        else msgspec.structs.replace(each, discount_id=derived_id(each.discount_id, giver.check_id))
        for each in coming
    ]


def _frozen(given: Iterable[GivenDiscount], check: Check, names: Mapping[str, str], both: set[str]) -> list[GivenDiscount]:
    """The discounts of a check; one that is on a share which becomes another line, or that meets its like, as what came off by it."""
    kept = list(given)
    hanging = _hanging([each for each in kept if each.line_ids and not each.parts_minor], names, both)
    if not hanging:
        return kept
    off = {one.id: {share.line_id: share.amount_minor for share in one.lines} for one in sums_of(check).discounts}
    frozen: list[GivenDiscount] = []
    for each in kept:
        if each.discount_id not in hanging:
            frozen.append(each)
        elif parts := {id: part for id, part in off.get(each.discount_id, {}).items() if id in each.line_ids}:
            frozen.append(fixed(each, parts, stands=False))
    return frozen


def _hanging(given: Sequence[GivenDiscount], names: Mapping[str, str], both: set[str]) -> set[str]:
    """The ids of the discounts that cannot stay as they were given, and of those that share a line with one: percentages come off
    one after the other, so none of a line can be fixed without the others."""
    lines, found = set(names), set[str]()
    while True:
        more = {each.discount_id for each in given if each.discount_id in both or not lines.isdisjoint(each.line_ids)}
        if more == found:
            return found
        found = more
        lines.update(id for each in given if each.discount_id in found for id in each.line_ids)


def _named(given: Iterable[GivenDiscount], names: Mapping[str, str]) -> list[GivenDiscount]:
    """The discounts on the lines as they are called now."""
    return [
        fixed(each, _sum_up((names.get(id, id), part) for id, part in zip(each.line_ids, each.parts_minor, strict=True)), stands=False)
        if each.parts_minor and not names.keys().isdisjoint(each.line_ids)
        else each
        for each in given
    ]


def _added(own: GivenDiscount, coming: GivenDiscount | None) -> GivenDiscount:
    """A discount, and what of the same comes from another check."""
    if coming is None:
        return own
    if own.granted != coming.granted:
        return own if own.granted else coming  # the other settles anew
    ids, amounts = own.line_ids + coming.line_ids, own.parts_minor + coming.parts_minor
    return fixed(own, _sum_up(zip(ids, amounts, strict=True)), stands=False)


def _sum_up(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for id, part in parts:
        sums[id] = sums.get(id, 0) + part
    return sums
