"""The codes of refusals that come from HTTP itself, beside those of the domain.

What lives here: a table.
"""

from shared.domain.errors import ErrorInfo

__all__ = ["API_ERRORS"]

API_ERRORS: dict[str, ErrorInfo] = {
    "request.malformed": ErrorInfo(400, "The request cannot be read.", "Compare it with the OpenAPI document of this box."),
    "request.too_large": ErrorInfo(413, "The request is larger than a box takes.", "Split it into several requests."),
    "request.foreign_origin": ErrorInfo(403, "The request comes from a page that this box does not serve.", "Open the app from the box itself."),
    "route.unknown": ErrorInfo(404, "There is no such resource.", "See /schema/openapi.json for what there is."),
    "route.method": ErrorInfo(405, "The resource does not take that method.", "See /schema/openapi.json for what it takes."),
    "device.unknown": ErrorInfo(401, "The device token is not known.", "Pair the device, or ask for a new token."),
    "device.role_unknown": ErrorInfo(422, "There is no such role.", "Use pos, kds, manager or import."),
    "device.box_only": ErrorInfo(403, "Only the box itself may do that, over its Unix socket.", "Run the `comanda edge` command on the box."),
    "feed.unknown_view": ErrorInfo(400, "The feed has no such view or encoding.", "Ask for view=entries or view=screens; encoding=json or msgpack."),
    "feed.bad_cursor": ErrorInfo(400, "The cursor is no position.", "Begin without a cursor and take the one you are given."),
    "feed.fork": ErrorInfo(409, "The journal holds a different entry at the cursor.", "Stop and show it to a person: see the runbook on forks."),
    "feed.ahead": ErrorInfo(409, "The cursor is ahead of the journal: its tail is missing.", "Stop and show it to a person: see the runbook on it."),
    "fence.bad_claim": ErrorInfo(422, "The claim that was shown proves nothing to this box.",
                                 "Nothing, where it is of another site or hub; `facts.reason` says what is wrong with it."),
    "follower.unknown": ErrorInfo(404, "There is no such follower.", "See `followers` of /v1/status; `cloud` and `fence` are the box's own."),
    "follower.too_many": ErrorInfo(409, "No more followers can tell of themselves.", "Forget one that is gone: DELETE /v1/followers/<name>."),
    "feed.trimmed": ErrorInfo(410, "Entries after the cursor are no longer on the box.",
                              "Read the hub from there, or a mirror; a screen begins without a cursor."),
    "keepsake.unknown": ErrorInfo(404, "The box holds no such document.", "See /v1/keepsakes for what it holds."),
    "hub_command.expired": ErrorInfo(410, "A command of the hub came after its time.", "Say it again at the hub, if it is still wanted."),
    "report.too_large": ErrorInfo(422, "The report spans more days than a box reads at once.", "Ask for fewer days; the hub has the whole."),
    "report.reversed": ErrorInfo(422, "The range of dates ends before it begins.", "Ask with from_date at or before to_date."),
    "menu.none": ErrorInfo(404, "There is no menu in force.", "Put one in force first."),
    "card.offline": ErrorInfo(503, "No card network can be reached.",
                              "Take cash, use the terminal, or keep the check open and ask later: see `facts.instead`."),
    "card.declined": ErrorInfo(402, "The card was declined.", "Ask for another card, or take another tender, under a new id."),
    "card.unknown": ErrorInfo(503, "Nobody can say yet whether the card paid.", "Ask again with the same id: it happens once, and is found out."),
    "card.not_cancelled": ErrorInfo(503, "The card was charged, and the check did not take it.", "Ask again with the same id: it is cancelled then."),
    "card.not_recorded": ErrorInfo(409, "The network has done it, the check has changed meanwhile.", "Let a manager compare both."),
    "card.several_payments": ErrorInfo(422, "Several cards paid what is given back.", "Name one payment with payment_id, and refund each by itself."),
    "edge.defect": ErrorInfo(500, "The box made a mistake.", "Ask again with the same id; report it with the log of the box."),
}  # fmt: skip
