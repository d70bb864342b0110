"""The fence of a replaced box: whose word it takes, and how far the hub keeps what it still held (Law 6).

What lives here: the judgement of claims, and the state of the branch. What a fenced box sends, and when, is in sender.py.
"""

from shared.protocol.actions import Fenced, Identity
from shared.protocol.claim import Claim, ClaimError, ReadClaim
from shared.protocol.entry import START, Position

__all__ = ["Fence", "higher_claim"]


def higher_claim(token: str, read_claim: ReadClaim, me: Identity) -> Claim:
    """The claim in `token`, if it is of my site and of a later epoch than mine.

    Raises ClaimError: what `read_claim` raises, `claim.other_site`, `claim.not_higher`.
    """
    claim = read_claim(token)
    if (claim.org, claim.site) != (me.org_id, me.site_id):
        raise ClaimError("claim.other_site", "The claim is for another site than this box.")
    if claim.epoch <= me.epoch:
        raise ClaimError("claim.not_higher", f"The claim is of epoch {claim.epoch}, this box of epoch {me.epoch}.")
    return claim


class Fence:
    """What one box knows of its being replaced."""

    def __init__(self, me: Identity, read_claim: ReadClaim | None) -> None:
        """Without `read_claim` nothing can be proved, and the hub's word is all there is."""
        self._me = me
        self._read_claim = read_claim
        self._incarnation = ""
        self.told: Fenced | None = None  # what the box was told; None: it is the present one, as far as we know
        self.is_proved = False  # by a claim, once and for all

    @property
    def can_be_proved(self) -> bool:
        return self._read_claim is not None

    @property
    def kept(self) -> Position:
        """How far the hub has the branch; START while it is not known."""
        return START if self.told is None else self.told.kept

    @property
    def detail(self) -> str:
        return "" if self.told is None else f"Another box is the present one, of epoch {self.told.epoch}."

    def prove(self, token: str) -> bool:
        """Whether a claim fences this box anew, or higher than before. Raises ClaimError if it does not fence it at all."""
        if self._read_claim is None:
            return False
        claim = higher_claim(token, self._read_claim, self._me)
        if self.is_proved and self.told is not None and self.told.epoch >= claim.epoch:
            return False
        self.told = Fenced(token, claim.epoch, self.kept)
        self.is_proved = True
        return True

    def believe(self, token: str) -> None:
        """Take the hub's word, which may carry a claim that cannot be read here."""
        self.told = Fenced(token, self._me.epoch + 1, self.kept)

    def lift(self) -> None:
        """The hub takes its word back."""
        assert not self.is_proved
        self.told = None

    def kept_up_to(self, position: Position, incarnation: str) -> bool:
        """Note how far the hub has the branch; whether that went back, or another database says so: the hub was restored."""
        assert self.told is not None
        is_back = position.sequence < self.kept.sequence or incarnation != self._incarnation
        self.told = Fenced(self.told.claim, self.told.epoch, position)
        self._incarnation = incarnation
        return is_back
