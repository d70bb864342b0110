"""What has been decided and is not yet on disk.

What lives here: the overlay of a group of requests, and on top of it that of one request. What is decided, and how it is committed,
is site.py's business.
"""

from datetime import datetime

from edge.app.ports import CommandRecord
from shared.domain.kernel import Draft, Key, View
from shared.protocol.entry import Entry, Position, StoredEntry

__all__ = ["Trial"]


class Trial:
    """What has been decided and not yet committed: a group's, or on top of it one request's."""

    def __init__(self, below: "View | Trial", head: Position, head_at: datetime | None) -> None:
        self._below = below if isinstance(below, Trial) else None
        self.draft = Draft(below.draft if isinstance(below, Trial) else below)
        self.head = head
        self.head_at = head_at
        self.entries: list[tuple[StoredEntry, Entry]] = []
        self.commands: dict[str, CommandRecord] = {}
        self.touched: dict[Key, int] = {}
        self.sizes: dict[Key, int] = {}  # bytes of each changed aggregate as written

    def fork(self) -> "Trial":
        """A trial on top of this one, for one request."""
        return Trial(self, self.head, self.head_at)

    def merge(self, above: "Trial") -> None:
        self.draft.put(above.draft.changes)
        self.head, self.head_at = above.head, above.head_at
        self.entries += above.entries
        self.commands.update(above.commands)
        self.touched.update(above.touched)

    def find_command(self, command_id: str) -> CommandRecord | None:
        found = self.commands.get(command_id)
        return found or (self._below.find_command(command_id) if self._below else None)

    def entries_of(self, record: CommandRecord) -> list[tuple[StoredEntry, Entry]]:
        """The command's entries, if it was decided in this trial or below; else none."""
        last = record.first_sequence + record.count
        found = [pair for pair in self.entries if record.first_sequence <= pair[0].sequence < last]
        return found or (self._below.entries_of(record) if self._below else [])
