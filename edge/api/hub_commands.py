"""The route by which the link brings commands of the hub, on the Unix socket only.

What lives here: decode, ask the writer, and remember what was refused, for the hub to hear of it. What the hub may say is a role in
the domain; what has become of a command that was accepted, the hub reads in the journal.
"""

import asyncio
import logging
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Router, post
from litestar.params import RawBody

from edge.api.alarms import alarms
from edge.api.commands import decode_body
from edge.api.identity import ensure_box
from edge.api.openapi import HubCommandsOperation, refusals
from edge.api.state import Edge, Here, HubRefusal
from edge.app.site import HUB, RefusedCommand
from edge.app.site import Request as SiteRequest
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.domain.text import Id
from shared.limits import HUB_REFUSALS_MAX, SITE_COMMANDS_PER_ANSWER
from shared.protocol.session import Submit

__all__ = ["HubCommand", "HubCommands", "router"]

log = logging.getLogger(__name__)

_PASSING = 500  # refusals of this status on are the box's trouble of the moment: the hub says it again
_NOT_NOW = frozenset({"box.fenced"})  # nor is it the command that is at fault here


class HubCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the hub, under an id that makes it happen once; void after `expires_at_ms` (UTC, milliseconds)."""

    id: Id
    command: msgspec.Raw
    expires_at_ms: int


class HubCommands(msgspec.Struct, frozen=True, kw_only=True):
    """What the link brings at once."""

    commands: Annotated[tuple[HubCommand, ...], msgspec.Meta(max_length=SITE_COMMANDS_PER_ANSWER)]


class HubCommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one: accepted, now or before; refused with `code`, which the next hello tells; or later, for the box could not
    decide now."""

    command_id: str
    outcome: Literal["accepted", "refused", "later"]
    code: str = ""


class HubCommandResults(msgspec.Struct, frozen=True, kw_only=True):
    """The answers, in order."""

    results: tuple[HubCommandResult, ...]


@post(
    "/hub-commands",
    status_code=200,
    summary="Bring commands of the hub",
    operation_class=HubCommandsOperation,
    responses=refusals("device.box_only", "hub_command.expired"),
)
async def carry_hub_commands(request: Request[Any, Any, Any], edge: Here, body: RawBody) -> HubCommandResults:
    """Each is decided by itself, in order. A refusal is remembered for `refused_commands` of `/v1/status`, by which the hub hears it."""
    ensure_box(request)
    data = decode_body(body, HubCommands)
    return HubCommandResults(results=tuple([await _decide(edge, each) for each in data.commands]))


async def _decide(edge: Edge, carried: HubCommand) -> HubCommandResult:
    try:
        if edge.now().timestamp() * 1000 > carried.expires_at_ms:
            raise Refused("hub_command.expired", "The command was to be carried out until a time that has passed.")
        await _ensure_not_made_up_for(edge, carried.id)
        submit = Submit(id=carried.id, command=carried.command)
        outcome = await edge.writer.submit(SiteRequest(device=HUB, commands=(submit,)))
        if isinstance(outcome, RefusedCommand):
            raise outcome.error
    except Refused as error:
        info = ERRORS.get(error.code)
        if error.code in _NOT_NOW or (info is not None and info.status >= _PASSING):
            return HubCommandResult(command_id=carried.id, outcome="later", code=error.code)
        log.warning("a command of the hub was refused: %s", error)
        _remember(edge.hub_refusals, carried.id, HubRefusal(error.code, carried.expires_at_ms))
        return HubCommandResult(command_id=carried.id, outcome="refused", code=error.code)
    edge.hub_refusals.pop(carried.id, None)
    await _take_off_the_list(edge, carried.id)
    return HubCommandResult(command_id=carried.id, outcome="accepted")


async def _ensure_not_made_up_for(edge: Edge, command_id: str) -> None:
    """Raises Refused `orphan.settled` for a command that a tablet has handed in, that this box refused, and that a person has made up for
    since: adopted as well it would be in effect twice."""
    book = edge.refused_hand_ins
    try:
        await asyncio.to_thread(book.refresh)  # the person's word comes from another process
    except OSError as error:
        raise Refused("storage.unavailable", f"What tablets handed in cannot be read: {error}.") from error
    settled = book.settled(command_id) if book.find(command_id) is not None else None
    if settled is not None:
        raise Refused("orphan.settled", f"A tablet had handed it in, it was refused here, and {settled.by} has made up for it.")


async def _take_off_the_list(edge: Edge, command_id: str) -> None:
    """Nobody at the site needs to make up any more for what the hub has brought."""
    if edge.refused_hand_ins.find(command_id) is None:
        return
    try:
        await edge.refused_hand_ins.forget(command_id)
    except OSError as error:
        log.error("command %s is in effect, and still stands in the list of refused hand-ins: %s", command_id, error)
    edge.feed.say_alarms(alarms(edge))


def _remember(refusals: dict[str, HubRefusal], command_id: str, refusal: HubRefusal) -> None:
    """The last HUB_REFUSALS_MAX: of one that is forgotten, the hub hears when it says it again."""
    refusals.pop(command_id, None)
    refusals[command_id] = refusal
    while len(refusals) > HUB_REFUSALS_MAX:
        del refusals[next(iter(refusals))]


router = Router(path="/v1", route_handlers=[carry_hub_commands], tags=["box"])
