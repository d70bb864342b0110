"""The lines of a bill or receipt: what was sold, with what is alike put together.

What lives here: one pure view. Discounts, taxes and what else stands on a paper are in papers.py.
"""

import msgspec

from shared.domain.check.state import Check, Line, LineModifier, LineStatus

__all__ = ["PaperLine", "paper_lines"]


class PaperLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Lines that are alike, as one. `amount_minor` is at menu price; `part` ("1/3") is of a line that was split; a combo has its
    items as `components`."""

    name: str
    quantity: int
    unit_price_minor: int
    amount_minor: int
    modifiers: tuple[LineModifier, ...] = ()
    weight: str = ""
    weight_unit: str = ""
    part: str = ""
    components: tuple["PaperLine", ...] = ()


def paper_lines(check: Check) -> tuple[PaperLine, ...]:
    """What was sold, in the order in which it came onto the check; what is alike stands once. What was voided was not sold."""
    combos: dict[str, list[Line]] = {}
    found: list[PaperLine] = []
    for line in check.lines:
        if line.status is LineStatus.VOIDED:
            continue
        if line.combo is None:
            found.append(_line(line))
            continue
        if line.combo.combo_id not in combos:
            combos[line.combo.combo_id] = [each for each in check.kept_lines if each.combo and each.combo.combo_id == line.combo.combo_id]
            found.append(_combo(combos[line.combo.combo_id]))
    return _grouped(found)


def _line(line: Line) -> PaperLine:
    return PaperLine(
        name=line.name, quantity=line.quantity, unit_price_minor=line.unit_price_minor, amount_minor=line.amount_minor,
        modifiers=line.modifiers, weight=line.weight, weight_unit=line.weight_unit, part=line.share.part if line.share else "",
    )  # fmt: skip


def _combo(lines: list[Line]) -> PaperLine:
    combo = lines[0].combo
    assert combo is not None
    components = tuple(_line(line) for line in lines)
    part = components[0].part
    return PaperLine(
        name=combo.name,
        quantity=lines[0].quantity,
        unit_price_minor=combo.price_minor,
        amount_minor=sum(component.amount_minor for component in components),
        part=part,
        components=components,
    )


def _grouped(lines: list[PaperLine]) -> tuple[PaperLine, ...]:
    groups: dict[PaperLine, list[PaperLine]] = {}
    for line in lines:
        alike = msgspec.structs.replace(
            line, quantity=0, amount_minor=0, components=tuple(_without_count(each) for each in line.components)
        )
        groups.setdefault(alike, []).append(line)
    return tuple(_as_one(group) for group in groups.values())


def _without_count(component: PaperLine) -> PaperLine:
    return msgspec.structs.replace(component, quantity=0, unit_price_minor=0, amount_minor=0)


def _as_one(group: list[PaperLine]) -> PaperLine:
    if len(group) == 1:
        return group[0]
    components = tuple(
        msgspec.structs.replace(
            parts[0], quantity=sum(part.quantity for part in parts), amount_minor=sum(part.amount_minor for part in parts)
        )
        for parts in zip(*(line.components for line in group), strict=True)
    )
    return msgspec.structs.replace(
        group[0],
        quantity=sum(line.quantity for line in group),
        amount_minor=sum(line.amount_minor for line in group),
        components=components,
    )
