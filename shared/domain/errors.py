"""Refusals: the one exception that decisions raise, and the table of their codes.

What lives here: `Refused`, and for each code what happened and what to do, for the person who meets it.
HTTP status codes are part of the table so that every shell answers alike; HTTP itself is not known here.
"""

from typing import NamedTuple

__all__ = ["COMMON_ERRORS", "ErrorInfo", "Refused"]


class ErrorInfo(NamedTuple):
    """What a code means: `status` as in RFC 9110, `title` in one sentence, `hint` says what to do."""

    status: int
    title: str
    hint: str


class Refused(Exception):
    """A command that was not accepted: nothing is written and nothing is remembered (Law 3).

    `code` is stable and stands in an ERRORS table; `detail` tells this case; `facts` are for programs (JSON values).
    """

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts = facts


COMMON_ERRORS: dict[str, ErrorInfo] = {
    "permission.missing": ErrorInfo(403, "This device may not do that.", "Use a device with the right role, or ask a manager."),
    "command.forgotten": ErrorInfo(
        410, "The command was accepted so long ago that its answer is no longer on the box.", "Nothing: it took effect, once. The hub has it."
    ),
    "command.id_reused": ErrorInfo(409, "This command id was used for a different command.", "Give every new command an id of its own."),
    "command.repeated_in_batch": ErrorInfo(422, "One command id stands twice in a batch.", "Give every command of the batch an id of its own."),
    "command.malformed": ErrorInfo(400, "The command cannot be read.", "Send JSON as described in the OpenAPI document of this box."),
    "command.unknown_type": ErrorInfo(400, "This box does not know that command.", "Update the box, or use a command it knows."),
    "command.too_large": ErrorInfo(413, "The command is larger than a box takes.", "Split it into several commands."),
    "commit.unknown": ErrorInfo(503, "The box cannot say whether the command is on disk.", "Ask again with the same command id."),
    "storage.full": ErrorInfo(507, "The disk of the box is full; nothing was written.", "Free space on the box; reading goes on."),
    "storage.unavailable": ErrorInfo(503, "The journal of the box cannot be opened.", "Ask again shortly; if it stays so, look at the disk."),
    "edge.busy": ErrorInfo(503, "The box has more requests waiting than it can take.", "Ask again in a second with the same command id."),
    "edge.stopping": ErrorInfo(503, "The box is restarting.", "Ask again in a second with the same command id."),
    "box.fenced": ErrorInfo(409, "This box was replaced: another one holds a later claim of the site.",
                            "Use the present box. Nothing is lost: tablets keep what was not accepted, the hub what this box still held."),
    "box.recovering": ErrorInfo(503, "The box takes over from another one and collects what the tablets hold.",
                                "Ask again in a moment with the same command id; the tablet does so by itself."),
    "epoch.behind": ErrorInfo(409, "This box was replaced: the journal is under a higher claim.", "Use the box that holds the newer claim."),
    "journal.foreign": ErrorInfo(409, "The journal belongs to another site.", "Use the data directory that belongs to this box."),
    "text.control_character": ErrorInfo(422, "A text holds a control character.", "Remove characters such as NUL from names and notes."),
    "id.malformed": ErrorInfo(422, "An id is no UUID.", "Use a UUID in lower-case canonical form, best a UUIDv7."),
    "clock.behind": ErrorInfo(409, "The clock of the box is behind the last entry of its journal.",
                              "Set the clock right, or let a manager confirm it with AcceptClock."),
    "day.unknown_zone": ErrorInfo(422, "The time zone is not known.", "Use an IANA name such as Europe/Berlin."),
}  # fmt: skip
