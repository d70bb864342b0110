"""How long the sender waits: for an answer to a hello, for one to an envelope, before it tries what has not helped again.

What lives here: waits in seconds, which double while nothing comes of them, so that a hub that is merely slow is not buried under
copies. What is waited for is in sender.py.
"""

import zlib

from shared import limits

__all__ = ["Patience"]


class Patience:
    """The waits of the link of one box, whose public key is `key`."""

    def __init__(self, key: str) -> None:
        share = zlib.crc32(key.encode()) / 2**32
        self.heartbeat_s = limits.HELLO_INTERVAL_S * (1 - limits.HELLO_INTERVAL_SPREAD * share)  # seconds between hellos while idle
        self.barren = 0  # how often sending began anew since the hub last had more of ours
        self.round_trip_s = 0.0  # what the last greeting took
        self.hello_wait_s = limits.HELLO_RETRY_S  # seconds before an unanswered hello is said again

    def begin(self) -> None:
        """A new connection: hopes are up."""
        self.barren = 0
        self.heard()

    def heard(self) -> None:
        """The hub answers."""
        self.hello_wait_s = limits.HELLO_RETRY_S

    def unheard(self) -> None:
        """A hello was not answered."""
        self.hello_wait_s = min(self.hello_wait_s * 2, limits.HELLO_RETRY_MAX_S)

    @property
    def silence_s(self) -> float:
        """Seconds of silence after which to ask: longer where the WAN is slow."""
        patience_s = max(limits.ANSWER_TIMEOUT_S, 2 * self.round_trip_s)
        return min(patience_s * 2 ** min(self.barren, 8), limits.HELLO_RETRY_MAX_S)
