"""The fence: whether this box may write its site's journal at all (Law 6).

What lives here: what a claim that somebody shows does to this box, and the refusal that devices get from a box that was fenced, or
that still collects what tablets hold. Where the word comes from (the link, a device), where it is kept, and who is told, is not
known here; time is not needed, since epochs decide alone.

The order of things: whoever hears of a higher claim calls `believe`; from then on `ensure_open` refuses, whatever happens next. What
is `kept` goes to disk after that, and comes back through `restore` at the next start, so that no restart lifts a fence. Only a box that
is enrolled again, with a higher epoch than the one that fenced it, writes again.
"""

import msgspec

from edge.app.identity import BoxIdentity
from shared.domain.errors import Refused
from shared.protocol.claim import ClaimError, ReadClaim
from shared.protocol.session import BoxState

__all__ = ["Fence"]


class _Kept(msgspec.Struct, frozen=True):
    """The word that fenced a box. `claim` is its token, empty where a hub of an older release said so without one."""

    epoch: int
    claim: str = ""


class Fence:
    """Of one box. Used in the event loop; `ensure_open` also in the writer's thread, for it only reads."""

    def __init__(self, identity: BoxIdentity, claim: str = "", read_claim: ReadClaim | None = None) -> None:
        """`claim` is the token of this box's own claim; `read_claim` opens those of issuers that it trusts, None where its enrolment
        named none."""
        self._identity = identity
        self._claim = claim
        self._read_claim = read_claim
        self._by = _Kept(0)
        self.is_recovering = False

    @property
    def is_fenced(self) -> bool:
        return self._by.epoch > self._identity.epoch

    @property
    def is_open(self) -> bool:
        """Whether the box takes commands, the box's own included."""
        return not (self.is_fenced or self.is_recovering)

    @property
    def state(self) -> BoxState:
        """What devices are told."""
        return BoxState(
            epoch=self._identity.epoch, site_id=self._identity.site_id, claim=self._claim, fenced_epoch=self._by.epoch if self.is_fenced else 0,
            is_recovering=self.is_recovering,
        )  # fmt: skip

    @property
    def claim_shown(self) -> str:
        """The token of the claim that fenced this box; empty for the present one, or where there was only the hub's word."""
        return self._by.claim if self.is_fenced else ""

    def ensure_open(self, *, plays: bool = False) -> None:
        """Raises Refused `box.fenced` or `box.recovering`; facts name the epochs. `plays`: what tablets held is let in meanwhile."""
        if self.is_fenced:
            facts = {"epoch": self._identity.epoch, "fenced_epoch": self._by.epoch}
            detail = f"This box holds epoch {self._identity.epoch} of the site, another one epoch {self._by.epoch}."
            raise Refused("box.fenced", detail, **facts)
        if self.is_recovering and not plays:
            raise Refused("box.recovering", "The box still collects what the tablets hold, and sells when it has it.")

    def believe(self, token: str) -> bool:
        """A claim that a device or the link shows; whether it changes anything.

        Raises Refused `fence.bad_claim` for one that proves nothing here: unreadable, of an issuer this box does not know, wrongly
        signed, or of another site. One of this box's epoch or a lower one is true, and changes nothing.
        """
        if self._read_claim is None:
            raise Refused("fence.bad_claim", "The enrolment of this box names no issuer of claims.", reason="claim.untrusted")
        try:
            claim = self._read_claim(token)
        except ClaimError as error:
            raise Refused("fence.bad_claim", error.detail, reason=error.code) from error
        if (claim.org, claim.site) != (self._identity.org_id, self._identity.site_id):
            raise Refused("fence.bad_claim", f"The claim is for site {claim.site}.", reason="claim.other_site")
        return self._fall(_Kept(claim.epoch, token))

    def obey(self, epoch: int, token: str = "") -> bool:
        """The hub's bare word, through the link, that it knows an epoch: all there is for a box enrolled before claims were signed.
        Where issuers are known the token has to prove it, as in `believe`."""
        return self.believe(token) if self._read_claim is not None else self._fall(_Kept(max(epoch, self._identity.epoch + 1), token))

    def lift(self) -> bool:
        """The hub takes its bare word back; whether that opens the box. What a claim has proved stays."""
        lifts = self.is_fenced and self._read_claim is None
        if lifts:
            self._by = _Kept(0)
        return lifts

    def _fall(self, kept: _Kept) -> bool:
        changes = kept.epoch > max(self._by.epoch, self._identity.epoch)
        if changes:
            self._by = kept
        return changes

    @property
    def kept(self) -> str:
        """What has to be on disk for `restore`; JSON."""
        return msgspec.json.encode(self._by).decode()

    def restore(self, kept: str) -> None:
        """What was kept before a restart. A box that has been enrolled again since, with a higher epoch, is not held by it. Raises
        msgspec.MsgspecError for what is none."""
        self._by = msgspec.json.decode(kept, type=_Kept)
