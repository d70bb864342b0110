"""Who bears what of a check that is split: by seats, by lines, or by shares of a line.

What lives here: from what a device says to the weights of every line, the guests of every check, and what no split may do. What the
parts come to is in parts.py and in the arithmetic; events are not known here.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Annotated

import msgspec

from shared.domain.check.parts import part_of
from shared.domain.check.state import Check, Line, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.money import allocate
from shared.domain.text import Id
from shared.limits import SHARE_DENOMINATOR_MAX, SPLIT_LINES_MAX, SPLIT_WAYS_MAX, SPLIT_WEIGHT_MAX

__all__ = ["BEARING_ERRORS", "LineWeights", "covers_of", "ensure_bearable", "lead_of", "unclear", "weights_of"]

_Weight = Annotated[int, msgspec.Meta(ge=0, le=SPLIT_WEIGHT_MAX)]


class LineWeights(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """By which weights the checks bear a line, or a combo by its id: [1, 0, 2] is a third for the first, two thirds for the last."""

    line_id: Id
    weights: Annotated[tuple[_Weight, ...], msgspec.Meta(min_length=2, max_length=SPLIT_WAYS_MAX)]


def unclear(check: Check, detail: str, **facts: object) -> Refused:
    return Refused("split.unclear", detail, check_id=check.check_id, **facts)


def weights_of(check: Check, ways: int, seats: Sequence[Sequence[int]], assignments: Iterable[LineWeights]) -> dict[str, tuple[int, ...]]:
    """The weights of every line that is not voided: by `assignments`, else by `seats`, else the line stays with the first of so many
    checks. Raises Refused `split.unclear`, `line.unknown` or `line.already_voided`."""
    weights = _by_seats(check, seats, ways)
    said: set[str] = set()
    for each in assignments:
        named = check.lines_named((each.line_id,))
        lines = [line for line in named if line.line_id in weights]
        if not lines:
            code = "line.already_voided" if named else "line.unknown"
            raise Refused(code, f"Check {check.number} has no line {each.line_id} to split.", check_id=check.check_id, line_id=each.line_id)
        if len(each.weights) != ways or not any(each.weights):
            raise unclear(check, f"{lines[0].name} needs {ways} weights, one of them above zero.", line_id=each.line_id)
        if not said.isdisjoint(line.line_id for line in lines):
            raise unclear(check, f"{lines[0].name} is named twice.", line_id=each.line_id)
        said.update(line.line_id for line in lines)
        weights |= {line.line_id: each.weights for line in lines}
    return weights


def _by_seats(check: Check, seats: Sequence[Sequence[int]], ways: int) -> dict[str, tuple[int, ...]]:
    """The weights by seats; all lines stay where none are given."""
    stays = (1, *[0] * (ways - 1))
    if not seats:
        return {line.line_id: stays for line in check.kept_lines}
    at = {seat: place for place, group in enumerate(seats) for seat in group}
    if len(seats) != ways or len(at) < sum(map(len, seats)):
        raise unclear(check, f"Each of the {ways} checks needs its seats, and each seat one check.")
    sizes = _sizes(check, seats)
    if not any(sizes):
        raise unclear(check, "No seat is given.")
    return {
        line.line_id: tuple([int(place == at.get(line.seat, 0)) for place in range(ways)]) if line.seat else sizes
        for line in check.kept_lines
    }


def _sizes(check: Check, seats: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """How many seats each check has; seats with lines that nobody names are the first one's."""
    named = {seat for group in seats for seat in group}
    left = {line.seat for line in check.kept_lines if line.seat} - named
    sizes = [len(group) for group in seats]
    return (sizes[0] + len(left), *sizes[1:])


def covers_of(check: Check, ways: int, seats: Sequence[Sequence[int]]) -> list[int]:
    """The guests over the checks, so that they add up: by seats, else as evenly as they go."""
    return allocate(check.covers, _sizes(check, seats) if seats else [1] * ways)


def ensure_bearable(check: Check, weights: Mapping[str, tuple[int, ...]], ways: int) -> None:
    """Raises Refused `split.nothing_for_one`, `split.line_held`, `split.too_fine`, `split.too_large` or `combo.not_whole`."""
    borne = [any(own[place] for own in weights.values()) for place in range(ways)]
    if not all(borne):
        detail = f"Check {borne.index(False) + 1} of the {ways} would have no line."
        raise Refused("split.nothing_for_one", detail, check_id=check.check_id, place=borne.index(False))
    combos: dict[str, tuple[int, ...]] = {}
    for line in check.kept_lines:
        own = weights[line.line_id]
        if line.combo is not None and combos.setdefault(line.combo.combo_id, own) != own:
            detail = f"{line.name} is part of {line.combo.name}, whose components come and go together."
            raise Refused("combo.not_whole", detail, check_id=check.check_id, combo_id=line.combo.combo_id)
        if sum(map(bool, own)) > 1:
            _ensure_shareable(check, line, own)
    lines = sum(bool(weight) for own in weights.values() for weight in own)
    if lines > SPLIT_LINES_MAX:
        detail = f"The checks would have {lines} lines together; {SPLIT_LINES_MAX} are the most."
        raise Refused("split.too_large", detail, check_id=check.check_id, maximum=SPLIT_LINES_MAX)


def _ensure_shareable(check: Check, line: Line, weights: Sequence[int]) -> None:
    if line.status is LineStatus.HELD:
        detail = f"{line.name} has not been sent: the kitchen makes it for one check."
        raise Refused("split.line_held", detail, check_id=check.check_id, line_id=line.line_id)
    if max((part_of(line) * Fraction(own, sum(weights))).denominator for own in weights) > SHARE_DENOMINATOR_MAX:
        raise Refused("split.too_fine", f"{line.name} would be split too finely.", check_id=check.check_id, line_id=line.line_id)


def lead_of(weights: Sequence[int]) -> int:
    """Which check the kitchen asks about a line: the first that bears it."""
    return next(place for place, weight in enumerate(weights) if weight)


BEARING_ERRORS: dict[str, ErrorInfo] = {
    "split.unclear": ErrorInfo(422, "How to split the check is not clear.", "Say for each line, or seat, whose it is."),
    "split.nothing_for_one": ErrorInfo(422, "One of the checks would have nothing on it.", "Give every check a line, or make fewer."),
    "split.line_held": ErrorInfo(409, "A line that has not been sent cannot be shared.", "Send it first, or give it to one check."),
    "split.too_fine": ErrorInfo(409, "The share of a line would be too small a part of it.", "Merge checks of the split first."),
    "split.too_large": ErrorInfo(409, "The split would make too many lines.", "Split into fewer checks, or share fewer lines."),
}  # fmt: skip
