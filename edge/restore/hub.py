"""The hub as a source: pages of entries and keepsakes over HTTP, asked for with the box's own key.

What lives here: sealing the question, patience, and reading the answer. What entries come to is judged by their chain, in merge.py.
"""

import hashlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import msgspec

from edge.box import Box
from shared.limits import FETCH_ENTRIES_MAX, HTTP_TIMEOUT_S, RESTORE_HUB_RETRY_S, RESTORE_HUB_TRIES
from shared.operator_error import OperatorError
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Fetch, FetchPage, FrameError, Keepsake, Sign, decode_page, seal_fetch

__all__ = ["HubSource"]

_HINT = "Check the network and run the same again; without the hub, restore from mirrors and tablets alone with --no-hub."


class _Refusal(msgspec.Struct, kw_only=True):
    """A refusal of the hub (RFC 9457), as far as it concerns us."""

    code: str = "hub.refused"
    detail: str = ""
    hint: str = ""


class HubSource:
    """The hub's journal of the site."""

    name = "hub"

    def __init__(
        self, box: Box, sign: Sign, url: str, *, transport: httpx.BaseTransport | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:  # fmt: skip
        """Asks how far the hub is. Raises OperatorError `hub.unreachable`, `hub.url`, `hub.insecure`, or with the code of a refusal."""
        _ensure_confidential(url)
        self._box = box
        self._sign = sign
        self._url = f"{url.rstrip('/')}/v1/boxes/fetch"
        self._client = httpx.Client(timeout=HTTP_TIMEOUT_S, transport=transport)
        self._sleep = sleep
        page = self._fetch(limit=1)
        self.head = page.watermark
        self.keepsakes = page.keepsakes

    def close(self) -> None:
        self._client.close()

    def after(self, position: Position) -> Iterator[list[StoredEntry]]:
        while True:
            page = self._fetch(after=position)
            self.head = max(self.head, page.watermark, key=lambda each: each.sequence)
            run = [entry for entry in page.entries if entry.sequence > position.sequence]
            if not run:
                return
            yield run
            position = run[-1].position

    def document(self, keepsake: Keepsake) -> bytes | None:
        """A keepsake; None for one that the hub does not hold as it says."""
        document = self._fetch(limit=1, version=keepsake.version).document
        return document if hashlib.sha256(document).hexdigest() == keepsake.version else None

    def _fetch(self, *, after: Position = START, limit: int = FETCH_ENTRIES_MAX, version: str = "") -> FetchPage:
        box = self._box
        fetch = Fetch(org=box.org_id, site=box.site_id, epoch=box.epoch, after=after, limit=limit, version=version)
        answer = self._post(seal_fetch(fetch, box.public_key, self._sign))
        try:
            return decode_page(answer.content)
        except FrameError as error:
            hint = "Check that the address is the hub's, and that box and hub are of releases that fit."
            raise OperatorError("hub.answer_unfit", f"The hub's answer cannot be read: {error}", hint) from error

    def _post(self, body: bytes) -> httpx.Response:
        """The hub's answer of success. A hub that is out of reach, or has trouble of its own, is asked again a few times."""
        said = ""
        for attempt in range(RESTORE_HUB_TRIES):
            if attempt:
                self._sleep(RESTORE_HUB_RETRY_S * 2 ** (attempt - 1))
            try:
                answer = self._client.post(self._url, content=body, headers={"content-type": "application/msgpack"})
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                said = f"{type(error).__name__}: {error}"
                continue
            if answer.is_success:
                return answer
            if answer.status_code < 500:
                raise _refusal(answer)
            said = f"it answered with status {answer.status_code}"
        raise OperatorError("hub.unreachable", f"{self._url} does not answer: {said}", _HINT)


def _refusal(answer: httpx.Response) -> OperatorError:
    try:
        problem = msgspec.json.decode(answer.content, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = _Refusal()
    return OperatorError(problem.code, problem.detail or f"The hub answered with status {answer.status_code}.", problem.hint or _HINT)


def _ensure_confidential(url: str) -> None:
    """A journal is the restaurant's books: it comes over TLS, or from this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise OperatorError("hub.url", f"{url!r} is no address of a hub.", "Write it like https://hub.example.com with --hub-url.")
    try:
        is_loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise OperatorError("hub.insecure", f"{url} would carry the journal in the clear.", "Use the hub's https address.")
