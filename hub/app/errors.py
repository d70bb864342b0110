"""Refusals of the hub's use cases: a code, and what to do about it.

What lives here: the table that the API and the command line share, and the exception. How it is shown is theirs.
"""

from shared.domain.errors import ErrorInfo

__all__ = ["HUB_ERRORS", "HubRefused"]

HUB_ERRORS: dict[str, ErrorInfo] = {
    "claim.unknown": ErrorInfo(404, "The claim code is not known.", "Check the code, or make a new one: comanda hub site claim SITE"),
    "claim.expired": ErrorInfo(410, "The claim code has run out.", "Make a new one: comanda hub site claim SITE"),
    "claim.used": ErrorInfo(409, "The claim code has been used by another box.", "Make a new one: comanda hub site claim SITE"),
    "claim.key_malformed": ErrorInfo(422, "The public key is no user nkey.", "Send the public nkey of the box, 56 characters beginning with U."),
    "claims.disabled": ErrorInfo(503, "This hub cannot sign claims.", "Set COMANDA_HUB_SIGNING_KEY and COMANDA_HUB_ACCOUNT_KEY and restart the API."),
    "organisation.unknown": ErrorInfo(404, "There is no such organisation.", "List them: comanda hub sites"),
    "site.unknown": ErrorInfo(404, "There is no such site.", "List them: comanda hub sites"),
    "site.setting_invalid": ErrorInfo(422, "A setting of the site is invalid.",
                                      "Use a currency such as USD, a time zone such as Europe/Berlin, and a cut-over of HH:MM."),
    "name.invalid": ErrorInfo(422, "The name cannot be used.", "Use 1 to 120 characters without control characters."),
    "id.malformed": ErrorInfo(422, "An id is no UUID.", "Use the id as the hub printed it."),
    "sales.range_invalid": ErrorInfo(422, "The range of dates cannot be reported.",
                                     "Give ISO dates, the first not after the last, at most 400 days."),
    "page.malformed": ErrorInfo(422, "The place to ask on from is none.", "Send `next` as the answer before gave it, or leave it out."),
    "check.unknown": ErrorInfo(404, "The site has no such check.", "It may not have arrived yet; list the checks of its date."),
    "fetch.malformed": ErrorInfo(400, "The request is no signed fetch.", "If it stays so, update the box or the hub."),
    "fetch.refused": ErrorInfo(403, "The box may not fetch the journal of this site.", "Enrol the box with this hub."),
    "fetch.busy": ErrorInfo(503, "Too much is being fetched.", "Ask again in a moment."),
    "site.not_projected": ErrorInfo(409, "The read models of the site are not of this release.",
                                    "Wait until the projectors are through with it, or run this with their release: comanda hub sites"),
    "quarantine.unknown": ErrorInfo(404, "Nothing of that is in quarantine.", "List what is: comanda hub quarantine list"),
    "correction.malformed": ErrorInfo(422, "The correction cannot be read.",
                                      "Write the event as JSON with its type, or the whole entry; see comanda hub quarantine show."),
    "correction.other_check": ErrorInfo(422, "The correction is about something else than the entry.",
                                        "Correct the event for the check or ticket that the entry is about, by one of the same kind."),
    "correction.unfit": ErrorInfo(409, "With the correction the entry still cannot be projected.", "Compare it with the entries before."),
    "orphan.unknown": ErrorInfo(404, "No replaced box left that.", "List what they left: comanda hub orphans list"),
    "orphan.decided": ErrorInfo(409, "That has been decided already.", "See comanda hub orphans show"),
    "orphan.waiting": ErrorInfo(409, "It is on its way to the box.", "Wait until the box has it or it has expired: comanda hub orphans list"),
    "orphan.box_own": ErrorInfo(422, "The entry is one by which the old box ran itself.", "Set it aside: comanda hub orphans set-aside"),
    "orphan.incomplete": ErrorInfo(409, "Not every entry of the command is here.", "Let the old box send the rest, or set it aside."),
    "orphan.out_of_order": ErrorInfo(409, "An earlier command about the same check is left out.", "Adopt them together, the earlier first."),
    "orphan.too_large": ErrorInfo(422, "The command is too large to be handed over.", "Enter by hand what of it holds, and set it aside."),
    "decision.unsigned": ErrorInfo(422, "A decision needs a name and, where something is left out, a reason.", "Give --by and --reason."),
    "hole.unknown": ErrorInfo(404, "The site has no such hole.", "List them: comanda hub holes list"),
    "hole.unfilled": ErrorInfo(409, "What was given does not fill the hole.", "Try the mirror of another stick, or of the box before."),
    "mirror.unreadable": ErrorInfo(422, "The mirror cannot be read.", "Name the directory given to comanda edge mirror, or its journal.mirror."),
    "backup.exists": ErrorInfo(409, "A backup of that name was begun before.", "Give each backup a name of its own."),
    "backup.unknown": ErrorInfo(404, "No such backup is under way.", "List them: comanda hub backup list"),
    "shard.not_found": ErrorInfo(404, "The directory holds no such shard.", "Name a shard of COMANDA_HUB_SHARDS."),
    "shard.unavailable": ErrorInfo(503, "The shard of this organisation cannot be reached.", "Ask again in a moment."),
    "control.unavailable": ErrorInfo(503, "The control database cannot be reached.", "Ask again in a moment."),
}  # fmt: skip


class HubRefused(Exception):
    """Something asked of the hub that it will not, or cannot now, do. `code` stands in HUB_ERRORS, or in those of the API."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
