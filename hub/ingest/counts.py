"""What an ingest process has done since it began, for its metrics.

What lives here: plain counters. How they are shown is in metrics.py.
"""

from collections import Counter

__all__ = ["Counts"]


class Counts:
    """Entries taken into journals; frames and hellos by the status of their answer or the code of their refusal."""

    def __init__(self) -> None:
        self.entries = 0
        self.short_ways: Counter[str] = Counter()  # statements of the short way: "taken", or "refused" by the shard
        self.frames: Counter[str] = Counter()
        self.hellos: Counter[str] = Counter()
        self.documents: Counter[str] = Counter()  # parts of documents, by what became of them
        self.unanswered = 0  # answers that could not be published
