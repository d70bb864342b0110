"""Refused with the current state: whoever acted on what they no longer saw right is told how it is now.

What lives here: putting the check or ticket that a refusal names beside its facts, as it is committed. Why something is refused
is decided elsewhere.
"""

import asyncio
import logging

from edge.app.site import RefusedCommand
from edge.journal.reader import Reader
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.domain.views import view_of
from shared.limits import CURRENT_STATE_TIMEOUT_S

__all__ = ["CURRENT", "with_current"]

log = logging.getLogger(__name__)

CURRENT = "current"
# Which fact names which kind of state, what is nearest to the act first: a ticket knows its check, and not the other way round.
_NAMED_BY = (("ticket_id", "ticket"), ("check_id", "check"))
_CONFLICT = 409


async def with_current(reader: Reader, refused: RefusedCommand) -> RefusedCommand:
    """The refusal; for a conflict (409) that names a ticket or a check, with `facts.current`: the Ticket, or the CheckView.

    It is what is on disk, perhaps newer than what the decision saw. What cannot be read within CURRENT_STATE_TIMEOUT_S, or is not
    on disk because the refused batch was to make it, is left out: the refusal must not wait for it.
    """
    error = refused.error
    info = ERRORS.get(error.code)
    named = next(((kind, error.facts[fact]) for fact, kind in _NAMED_BY if isinstance(error.facts.get(fact), str)), None)
    if info is None or info.status != _CONFLICT or named is None:
        return refused
    try:
        async with asyncio.timeout(CURRENT_STATE_TIMEOUT_S):
            found = await reader.aggregate(named[0], str(named[1]))
    except TimeoutError:
        log.warning("a refusal (%s) goes without the current state: the journal was not read in time", error.code)
        return refused
    shown = view_of(found)
    if shown is None:
        return refused
    return RefusedCommand(error=Refused(error.code, error.detail, **error.facts | {CURRENT: shown}), index=refused.index)
