"""The box's own papers: `box.toml` and `box.creds`, written by provisioning, read here.

What lives here: reading and checking both files. How a box gets them is provisioning's business.
"""

import re
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import nkeys

from edge.app.identity import BoxIdentity
from shared.domain.ids import is_id
from shared.operator_error import OperatorError
from shared.protocol.claim import Claim, ReadClaim, open_claim
from shared.protocol.envelope import Sign
from shared.protocol.keys import is_account_key, is_user_key, verify_issuer

__all__ = ["Box", "read_box", "read_signer"]


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What the claim says. `claim` is its token as the hub signed it, `issuers` the public keys whose claims this box believes, `hub_url`
    the hub's API as enrolment was given it: all three are empty for a box that was enrolled before release 0.3."""

    org_id: str
    site_id: str
    epoch: int
    site_name: str
    currency: str
    time_zone: str
    cut_over_minutes: int
    public_key: str
    nats_urls: tuple[str, ...] = ()
    claim: str = ""
    issuers: tuple[str, ...] = ()
    hub_url: str = ""

    @property
    def read_claim(self) -> ReadClaim | None:
        """Opens claims of the issuers that this box trusts; None where it was told of none."""
        return self._open if self.issuers else None

    def _open(self, token: str) -> Claim:
        return open_claim(token, self.issuers, verify_issuer)

    @property
    def identity(self) -> BoxIdentity:
        return BoxIdentity(
            org_id=self.org_id,
            site_id=self.site_id,
            epoch=self.epoch,
            currency=self.currency,
            time_zone=self.time_zone,
            cut_over_minutes=self.cut_over_minutes,
        )


def read_box(data_dir: Path) -> Box:
    """`box.toml` of a data directory. Raises OperatorError `box.not_enrolled` or `box.malformed`."""
    path = data_dir / "box.toml"
    try:
        box = msgspec.convert(tomllib.loads(path.read_text()), Box)
        ZoneInfo(box.time_zone)
    except FileNotFoundError as error:
        hint = "Run `comanda provision enroll`, or name the right directory with --data-dir."
        raise OperatorError("box.not_enrolled", f"{path} does not exist.", hint) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise OperatorError("box.malformed", f"{path} cannot be used: {error}", "Enroll the box anew.") from error
    are_issuers = all(is_account_key(issuer) for issuer in box.issuers)
    if not (is_id(box.org_id) and is_id(box.site_id) and is_user_key(box.public_key) and box.epoch >= 1 and are_issuers):
        raise OperatorError("box.malformed", f"{path} holds an id, key or epoch that is none.", "Enroll the box anew.")
    return box


def read_signer(data_dir: Path, public_key: str) -> Sign:
    """The box's key from `box.creds`, as a function that signs. Raises OperatorError `box.key_missing`."""
    path = data_dir / "box.creds"
    hint = "Enroll the box anew; its key cannot be brought back."
    try:
        found = re.search(r"-----BEGIN USER NKEY SEED-----\s+(\S+)\s", path.read_text())
    except OSError as error:
        raise OperatorError("box.key_missing", f"{path} cannot be read: {error}", hint) from error
    if found is None:
        raise OperatorError("box.key_missing", f"{path} holds no seed.", hint)
    try:
        pair = nkeys.from_seed(bytearray(found[1].encode()))
    except (nkeys.NkeysError, ValueError) as error:  # ValueError: no base32
        raise OperatorError("box.key_missing", f"The seed in {path} is damaged.", hint) from error
    if bytes(pair.public_key).decode() != public_key:
        raise OperatorError("box.key_missing", f"The key in {path} is not the one of box.toml.", hint)
    return pair.sign
