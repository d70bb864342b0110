"""Splitting a check (golden rule 7): by line, by seat, by share of a line, or evenly.

What lives here: the division of sums that are known. Checks, and who sits where, are not known here: an assignment says, for
each line, the weights with which the children bear it: (1, 0) is the first child's alone, (1, 1) is shared by both.
"""

from collections.abc import Mapping, Sequence

from shared.domain.arithmetic.profiles import Profile, nets_of, profile_of
from shared.domain.arithmetic.service import raise_charges
from shared.domain.arithmetic.sums import Priced, add_up, with_taxes
from shared.domain.arithmetic.tax import Taxed, tax_sums
from shared.domain.arithmetic.types import AppliedDiscount, Charge, ChargeShare, LineShare, Sums, Tax
from shared.domain.money import allocate

__all__ = ["Assignment", "seats_of", "split", "split_anew", "split_evenly"]

Assignment = Mapping[str, Sequence[int]]
"""Line id -> weight of each child."""


def split_evenly(due_minor: int, ways: int) -> list[int]:
    """The amount due in so many parts that differ by one minor unit at most, the larger ones first. It divides no lines."""
    if ways < 1:
        raise ValueError(f"nothing can be split {ways} ways")
    return allocate(due_minor, [1] * ways)


def seats_of(parent: Sums) -> tuple[list[int], dict[str, tuple[int, ...]]]:
    """(seats in order, the assignment by seat): what is ordered for the whole table (seat 0) is borne by all seats alike.

    Where no line has a seat, there is one child: the table.
    """
    seats = sorted({line.seat for line in parent.lines if line.seat}) or [0]
    return seats, {
        line.line_id: tuple(int(seat == line.seat) for seat in seats) if line.seat in seats else (1,) * len(seats) for line in parent.lines
    }


def split(parent: Sums, assignment: Assignment) -> list[Sums]:
    """The children of a check, which add up to it to the cent in every sum, and in the tax of every group.

    Lines are allocated by the weights after their discounts. The parent's tax of each group, and its service charges, are
    allocated anew over the children's nets of that group. Decided here: what is charged and not taxed falls on children by
    what they pay for lines. Parts that come to nothing stay, with a weight above zero, so that a guest sees what was free.
    Where a charge contains inclusive tax, `net` and `service_net` add up together, for they are what is left of the tax. Voids
    stay with the parent. Raises ValueError for a line without weights, or weights of another number of children.
    """
    ways = _ways(parent, assignment)
    children = _share_lines(parent, assignment, ways)
    charges = _share_charges(parent, children)
    taxed = _share_taxes(parent, children, charges)
    discounts = _share_discounts(parent, assignment, ways)
    return [add_up(children[i], discounts[i], charges[i], taxed[i]) for i in range(ways)]


def split_anew(parent: Sums, assignment: Assignment) -> list[Sums]:
    """Children that are fiscal documents of their own: each is computed anew, so a cent may come or go against the parent.

    Decided here: lines and discounts are allocated as in `split`, for they were granted on the parent; service charges that
    are a rate, and all taxes, are computed on the child; fixed service charges are allocated.
    """
    ways = _ways(parent, assignment)
    children = _share_lines(parent, assignment, ways)
    allocated = _share_charges(parent, children)
    discounts = _share_discounts(parent, assignment, ways)
    sums: list[Sums] = []
    for priced, fixed, granted in zip(children, allocated, discounts, strict=True):
        nets = nets_of(priced.prices, priced.profiles)
        charges = [raise_charges([each.charge], nets)[0] if each.charge.rate else each for each in fixed]
        sums.append(with_taxes(priced, granted, charges))
    return sums


def _ways(parent: Sums, assignment: Assignment) -> int:
    counts = {len(assignment.get(line.line_id, ())) for line in parent.lines} or {1}
    if len(counts) > 1 or 0 in counts:
        raise ValueError("every line needs one weight for each child")
    if any(not any(assignment[line.line_id]) or min(assignment[line.line_id]) < 0 for line in parent.lines):
        raise ValueError("weights must not be negative, and one of a line's must be above zero")
    return counts.pop()


def _share_lines(parent: Sums, assignment: Assignment, ways: int) -> list[Priced]:
    children = [Priced() for _ in range(ways)]
    for line in parent.lines:
        weights = assignment[line.line_id]
        profile = profile_of(tuple([share.tax for share in line.taxes]))
        amounts = (allocate(amount, weights) for amount in (line.price_minor, line.discount_minor, line.comp_minor))
        for child, weight, price, discount, comp in zip(children, weights, *amounts, strict=True):
            if weight:
                child.ids.append(line.line_id)
                child.gross.append(price + discount + comp)
                child.discounts.append(discount)
                child.comps.append(comp)
                child.prices.append(price)
                child.profiles.append(profile)
                child.seats.append(line.seat)
    return children


def _share_discounts(parent: Sums, assignment: Assignment, ways: int) -> list[list[AppliedDiscount]]:
    """Each child's part of every discount that falls on its lines, such that each line's sum agrees with `_share_lines`."""
    children: list[list[AppliedDiscount]] = [[] for _ in range(ways)]
    room = {
        (line.line_id, is_comp): allocate(amount, assignment[line.line_id])
        for line in parent.lines
        for is_comp, amount in ((False, line.discount_minor), (True, line.comp_minor))
    }
    for discount in parent.discounts:
        shares: list[list[LineShare]] = [[] for _ in range(ways)]
        for share in discount.lines:
            left = room[share.line_id, discount.scope == "comp"]
            for i, part in enumerate(allocate(share.amount_minor, left)):
                left[i] -= part
                if part:
                    shares[i].append(LineShare(share.line_id, part))
        for child, given in zip(children, shares, strict=True):
            if given:
                amount = sum(share.amount_minor for share in given)
                child.append(
                    AppliedDiscount(id=discount.id, scope=discount.scope, applied_minor=amount, unapplied_minor=0, lines=tuple(given))
                )
    return children


def _share_charges(parent: Sums, children: Sequence[Priced]) -> list[list[Charge]]:
    """Each child's part of every service charge: for each rate group over the children's nets of it."""
    nets = [nets_of(child.prices, child.profiles) for child in children]
    whole = [sum(net.values()) for net in nets]
    given: list[list[Charge]] = [[] for _ in children]
    for charge in parent.charges:
        shares: list[list[ChargeShare]] = [[] for _ in children]
        for share in charge.shares:
            profile = profile_of(share.taxes)
            weights = [net.get(profile, 0) for net in nets] if charge.charge.taxable else whole
            for i, part in enumerate(allocate(share.amount_minor, weights if any(weights) else whole)):
                if part:
                    shares[i].append(ChargeShare(share.taxes, part))
        for child, parts in zip(given, shares, strict=True):
            amount = sum(part.amount_minor for part in parts)
            child.append(Charge(charge=charge.charge, amount_minor=amount, shares=tuple(parts)))
    return given


def _share_taxes(parent: Sums, children: Sequence[Priced], charges: Sequence[Sequence[Charge]]) -> list[Taxed]:
    """The parent's tax of each group over the children's nets of it, and within a child over its nets, lines before charges."""
    shares = [[share for charge in given for share in charge.shares] for given in charges]
    profiles = [child.profiles + [profile_of(share.taxes) for share in own] for child, own in zip(children, shares, strict=True)]
    nets = [child.prices + [share.amount_minor for share in own] for child, own in zip(children, shares, strict=True)]
    parts: list[dict[Tax, list[int]]] = [{} for _ in children]
    for group in parent.taxes:
        tax = group.tax
        places = [[i for i, profile in enumerate(own) if tax in profile.taxes] for own in profiles]
        weights = [sum(net[i] for i in at) for net, at in zip(nets, places, strict=True)]
        amounts = allocate(group.tax_minor + group.relieved_minor, weights if any(weights) else [len(at) for at in places])
        for own, net, at, amount in zip(parts, nets, places, amounts, strict=True):
            if not at:
                continue
            own[tax] = [0] * len(net)
            for i, part in zip(at, allocate(amount, [net[i] for i in at]), strict=True):
                own[tax][i] = part
                net[i] -= part if tax.inclusive else 0
    return [
        Taxed(nets=net, parts=own, groups=tuple(tax_sums(tax, _base(tax, net, own, profile), sum(own[tax])) for tax in own))
        for net, own, profile in zip(nets, parts, profiles, strict=True)
    ]


def _base(tax: Tax, nets: Sequence[int], parts: Mapping[Tax, Sequence[int]], profiles: Sequence[Profile]) -> int:
    """What the tax is raised on: the nets of what bears it, and on the same the taxes that it is raised on."""
    on = [given for other, given in parts.items() if other.id in tax.on and (tax.inclusive or not other.exempt)]
    return sum(nets[i] + sum(given[i] for given in on) for i, profile in enumerate(profiles) if tax in profile.taxes)
