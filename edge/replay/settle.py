"""What has become of an order that the site has already seen in another shape.

What lives here: one pure comparison of rows with the lines of the check that stands at the site.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from edge.replay.catalogue import Catalogue, folded
from edge.replay.plan import line_id_of
from edge.replay.rows import Row
from shared.domain.views import CheckView, LineView
from shared.limits import REPLAY_ORDER_SPAN_S

__all__ = ["Settled", "settle"]


class Settled(msgspec.Struct, frozen=True):
    """`played` rows stand on the check; `differing` ones stand there with other values; `late` ones do not stand there;
    `strangers` are of another day, so that they belong to another order under the same id."""

    played: tuple[Row, ...]
    differing: tuple[tuple[Row, LineView], ...]
    late: tuple[Row, ...]
    strangers: tuple[Row, ...]


def settle(check: CheckView, rows: Sequence[Row], catalogue: Catalogue, zone: ZoneInfo) -> Settled:
    """Compare row by row.

    A row is looked for on its own line first. When rows were put in or taken out before it, its ordinal has shifted; then it is
    looked for by its values among the lines that no row has claimed.
    """
    opened_at = check.opened_at.astimezone(zone).replace(tzinfo=None)
    strangers = [row for row in rows if abs((row.ordered_at - opened_at).total_seconds()) > REPLAY_ORDER_SPAN_S]
    lines = {line.line_id: line for line in check.lines}
    played: list[Row] = []
    shifted: list[Row] = []
    for row in (row for row in rows if row not in strangers):
        line = lines.get(line_id_of(check.check_id, row))
        if line is not None and _says(line, row, catalogue):
            played.append(row)
            del lines[line.line_id]
        else:
            shifted.append(row)
    left: list[Row] = []
    for row in shifted:
        line = next((each for each in lines.values() if _says(each, row, catalogue)), None)
        if line is None:
            left.append(row)
        else:
            played.append(row)
            del lines[line.line_id]
    own = [(row, lines.get(line_id_of(check.check_id, row))) for row in left]
    return Settled(
        played=tuple(played),
        differing=tuple((row, line) for row, line in own if line is not None),
        late=tuple(row for row, line in own if line is None),
        strangers=tuple(strangers),
    )


def _says(line: LineView, row: Row, catalogue: Catalogue) -> bool:
    """Whether the line is what the row says."""
    item = catalogue.find(row.item)
    named = line.item_id == row.item or folded(line.name) == folded(row.item) or (item is not None and line.item_id == item.id)
    return named and line.quantity == row.quantity and line.amount_minor == row.amount_minor
