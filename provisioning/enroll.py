"""Enrolment: an unopened box becomes the box of a site.

What lives here: the key made on the box, the exchange of a claim code with the hub, and the two files that make a box,
`box.toml` and `box.creds`. What the box then does is not known here.
"""

import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import nkeys

from provisioning.files import make_private_dir, write_file
from provisioning.keys import KeyPair, new_user
from shared.domain.ids import is_id
from shared.limits import ENROLL_TIMEOUT_S
from shared.operator_error import OperatorError
from shared.protocol.claim import ClaimError, open_claim
from shared.protocol.keys import is_account_key, verify_issuer
from shared.protocol.nats_jwt import creds_file

__all__ = ["Claimed", "enroll", "write_box"]

BOX, CREDS, PENDING = "box.toml", "box.creds", "box.seed.pending"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's answer to a claim: which site the box is, under which epoch, and its credentials. `claim` is the same as a signed token,
    `issuers` are the public keys whose tokens the box is to believe; a hub before release 0.3 sends neither."""

    org_id: str
    site_id: str
    epoch: int
    site_name: str
    currency: str
    time_zone: str
    cut_over_minutes: int
    jwt: str
    nats_urls: list[str]
    claim: str = ""
    issuers: list[str] = []


class _Refusal(msgspec.Struct, kw_only=True):
    """A refusal of the hub (RFC 9457), as far as it concerns us."""

    code: str = "hub.refused"
    detail: str = ""
    title: str = ""
    hint: str = ""


def enroll(hub_url: str, code: str, data_dir: Path, *, transport: httpx.BaseTransport | None = None) -> Claimed:
    """Claim the site that `code` stands for, and write `box.toml` and `box.creds` into `data_dir`.

    The key is kept in a file of its own until the answer is on disk, so that a repeat after a lost answer claims with the
    same key. Raises OperatorError when the directory is a box already, the hub cannot be reached, or it refuses the code.
    """
    if (data_dir / BOX).exists():
        raise OperatorError(
            "box.enrolled",
            f"{data_dir} is enrolled already.",
            "Use an empty directory. To enrol this box anew, keep its directory until everything in it is in the cloud.",
        )
    _ensure_confidential(hub_url)
    try:
        make_private_dir(data_dir)
        key = _pending_key(data_dir)
        claimed = _claim(hub_url, code, key.public, transport)
        write_box(data_dir, claimed, key, hub_url=hub_url.rstrip("/"))
        (data_dir / PENDING).unlink(missing_ok=True)
    except OSError as error:
        raise OperatorError(
            "box.unwritable", f"{data_dir} cannot be written: {error}", "Check the directory's owner and free space."
        ) from error
    return claimed


def write_box(data_dir: Path, claimed: Claimed, key: KeyPair, *, hub_url: str = "") -> None:
    """The two files of a box, mode 0600, synced; `box.toml` last, so that where it is, everything is. Raises OSError."""
    make_private_dir(data_dir)
    write_file(data_dir / CREDS, creds_file(claimed.jwt, key.seed))
    values: dict[str, object] = {
        "org_id": claimed.org_id,
        "site_id": claimed.site_id,
        "epoch": claimed.epoch,
        "site_name": claimed.site_name,
        "currency": claimed.currency,
        "time_zone": claimed.time_zone,
        "cut_over_minutes": claimed.cut_over_minutes,
        "public_key": key.public,
        "nats_urls": claimed.nats_urls,
        "claim": claimed.claim,
        "issuers": claimed.issuers,
        "hub_url": hub_url,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]  # JSON's strings, numbers and lists are TOML's
    write_file(data_dir / BOX, "\n".join(["# Written by `comanda provision enroll`.", *lines, ""]))


def _pending_key(data_dir: Path) -> KeyPair:
    """The key of an attempt that was cut short, else a new one, on disk before anybody hears of it."""
    pending = data_dir / PENDING
    if pending.exists():
        try:
            return KeyPair(pending.read_text().strip())
        except (nkeys.NkeysError, ValueError) as error:
            raise OperatorError("box.damaged", f"{pending} holds no key.", f"Remove {pending} and ask for a new claim code.") from error
    key = new_user()
    write_file(pending, key.seed + "\n")
    return key


def _claim(hub_url: str, code: str, public_key: str, transport: httpx.BaseTransport | None) -> Claimed:
    url = f"{hub_url.rstrip('/')}/v1/claims"
    try:
        with httpx.Client(timeout=ENROLL_TIMEOUT_S, transport=transport) as client:
            answer = client.post(url, json={"code": code.strip(), "public_key": public_key})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OperatorError(
            "hub.unreachable", f"{url} does not answer: {error}", "Check the address and the network, then run the same again."
        ) from error
    if not answer.is_success:
        raise _refusal(answer)
    try:
        claimed = msgspec.json.decode(answer.content, type=Claimed)
    except msgspec.MsgspecError as error:
        raise _unfit(f"The hub's answer cannot be read: {error}") from error
    if not (is_id(claimed.org_id) and is_id(claimed.site_id)) or claimed.epoch < 1 or not claimed.nats_urls:
        raise _unfit("The hub's answer names no site, epoch or broker.")
    _ensure_own_claim(claimed, public_key)
    return claimed


def _ensure_own_claim(claimed: Claimed, public_key: str) -> None:
    """The token must say what the answer says: a box whose own claim proves nothing would be fenced by every device it meets."""
    if not claimed.claim and not claimed.issuers:
        return
    if not all(is_account_key(issuer) for issuer in claimed.issuers):
        raise _unfit("The hub's answer names an issuer that is no public key of an account.")
    try:
        said = open_claim(claimed.claim, claimed.issuers, verify_issuer)
    except ClaimError as error:
        raise _unfit(f"The hub's answer holds a claim that its own issuers do not vouch for: {error.detail}") from error
    if (said.org, said.site, said.epoch, said.key) != (claimed.org_id, claimed.site_id, claimed.epoch, public_key):
        raise _unfit("The claim in the hub's answer is for another box, site or epoch than the answer.")


def _refusal(answer: httpx.Response) -> OperatorError:
    try:
        problem = msgspec.json.decode(answer.content, type=_Refusal)
    except msgspec.MsgspecError:
        problem = _Refusal()
    detail = problem.detail or problem.title or f"The hub answered with status {answer.status_code}."
    return OperatorError(problem.code, detail, problem.hint or "Ask for a new code: comanda hub site claim SITE")


def _unfit(detail: str) -> OperatorError:
    return OperatorError("hub.answer_unfit", detail, "Check that the address is the hub's, and that box and hub are of releases that fit.")


def _ensure_confidential(hub_url: str) -> None:
    """A code is a credential: it goes over TLS, or to this very machine."""
    parts = urlsplit(hub_url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise OperatorError("hub.url", f"{hub_url!r} is no address of a hub.", "Write it like https://hub.example.com")
    if not _is_loopback(parts.hostname):
        raise OperatorError("hub.insecure", f"{hub_url} would carry the code in the clear.", "Use the hub's https address.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
