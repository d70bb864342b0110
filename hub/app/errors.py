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
