"""What the read models hold, as values: made of state in hub/project, kept in hub/db, told by hub/app and hub/api.

What lives here: what every record is; those of checks, kitchen and books are in the modules beside this one. Amounts are minor units
of the check's currency, times are UTC, dates are business dates (ISO). How records come of state is in hub/project/rows.py.
"""

import msgspec

__all__ = ["Record"]


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One row of a read model."""
