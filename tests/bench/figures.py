"""What the bench says: figures, their table and their file.

What lives here: the shape of a figure and how it is shown. How it is measured is not known here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import msgspec

__all__ = ["Figure", "at_least", "at_most", "figure", "quantile", "save", "table"]

Value = str | int | float | bool | list[float]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `ratio` is value over limit: for a rate 1 is as fast as the limit, for a time 1 is as short.

    `setting` tells how it was measured, by how much the rounds differed, and, where there is one, the aim and whether it was met.
    """

    name: str
    value: float
    unit: str
    limit_name: str = ""
    limit: float | None = None
    ratio: float | None = None
    peers: dict[str, float] = {}
    setting: dict[str, Value] = {}


def at_least(aim: float) -> tuple[float, bool]:
    """An aim that is met from below upwards: a rate."""
    return aim, True


def at_most(aim: float) -> tuple[float, bool]:
    """An aim that is met from above downwards: a time."""
    return aim, False


def figure(
    name: str, rounds: Sequence[float], unit: str, *, limit_name: str = "", limits: Sequence[float] = (), peers: dict[str, float] | None = None,
    setting: dict[str, Value] | None = None, aim: tuple[float, bool] | None = None,
) -> Figure:  # fmt: skip
    """The median of the rounds beside the median of the limit's rounds."""
    value = median(rounds)
    limit = median(limits) if limits else None
    told: dict[str, Value] = dict(setting or {}) | {"rounds": [_short(each) for each in rounds]}
    if limits:
        told["limit_rounds"] = [_short(each) for each in limits]
    if aim is not None:
        told |= {"aim": aim[0], "met": value >= aim[0] if aim[1] else value <= aim[0]}
    return Figure(
        name=name, value=_short(value), unit=unit, limit_name=limit_name, limit=None if limit is None else _short(limit),
        ratio=_short(value / limit) if limit else None, peers=peers or {}, setting=told,
    )  # fmt: skip


def quantile(sorted_values: Sequence[float], share: float) -> float:
    """The value at or below which `share` of them lie; 0 when there are none."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))] if sorted_values else 0.0


def _short(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 10_000 else float(round(value))


def save(figures: Sequence[Figure], path: Path) -> None:
    """Write them as a JSON list; a run that is cut short leaves the file of the last whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    fresh.replace(path)


def table(figures: Iterable[Figure]) -> str:
    """The figures as text, a row each."""
    rows = [("figure", "value", "unit", "limit", "ratio", "aim", "limit is")]
    for each in figures:
        aim = each.setting.get("aim")
        verdict = "" if aim is None else f"{aim:g} {'met' if each.setting['met'] else 'MISSED'}"
        limit, ratio = ("" if value is None else _show(value) for value in (each.limit, each.ratio))
        rows.append((each.name, _show(each.value), each.unit, limit, ratio, verdict, each.limit_name))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = {1, 3, 4}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _show(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
