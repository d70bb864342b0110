"""Who a box is.

What lives here: one record, apart from the executor so that the link, which decides nothing, starts without the domain.
"""

import msgspec

__all__ = ["BoxIdentity"]


class BoxIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which site this box serves, under which claim, and how that site sells."""

    org_id: str
    site_id: str
    epoch: int
    currency: str
    time_zone: str
    cut_over_minutes: int
