"""Tips: pools of them over those who worked (golden rule 5).

What lives here: the division of a pool. Tips hang on a payment, are no sales and carry no tax, so the totals of a check do
not know them; how long somebody worked is told to this module.
"""

from collections.abc import Mapping

from shared.domain.money import allocate

__all__ = ["pool_shares"]


def pool_shares(pool_minor: int, minutes: Mapping[str, int]) -> dict[str, int]:
    """Each person's part of a pool, by largest remainder over the minutes worked.

    Ties go to who is named first; if nobody has a minute, all share evenly. A pool below zero (a tip was taken back after it
    was paid out) divides like its opposite. Raises ValueError for negative minutes, or a pool that nobody has a part in.
    """
    return dict(zip(minutes, allocate(pool_minor, list(minutes.values())), strict=True))
