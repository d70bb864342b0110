"""A second implementation of the box's end of the wire, written from docs/protocol.md alone, with plain nats-py.

What lives here: the smallest client that the page describes, which also hands in its branch once it was replaced. It imports nothing of
ours, so that whatever the page does not say shows here.
"""

import asyncio
import hashlib
import json
import re
import time
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import nats
import nkeys
from nats.aio.client import Client
from nats.aio.msg import Msg

START = {"epoch": 0, "sequence": 0, "hash": bytes(32)}
SILENCE_S, HEARTBEAT_S, HOLD_S, ENTRIES_MAX, BYTES_MAX = 5.0, 15.0, 30.0, 200, 256 * 1024
Answer = dict[str, Any]

pack = msgspec.msgpack.encode  # plain MessagePack: dicts, lists, text, bytes, integers


class Contradicted(Exception):
    """The hub stands where this journal does not: a person must look."""


class SecondClient:
    """Uploads a journal, and whatever is appended to it, until cancelled. `told` is the last answer that stated a watermark."""

    def __init__(self, org: str, site: str, epoch: int, creds: str, entries: Sequence[bytes]) -> None:
        """`creds` is the text of the credentials file; `entries` are the bytes of the journal from its beginning."""
        self.org, self.site, self.epoch = org, site, epoch
        seed = re.search(r"-----BEGIN USER NKEY SEED-----\s+(\S+)", creds)
        assert seed is not None
        self.pair = nkeys.from_seed(bytearray(seed[1].encode()))
        self.key = bytes(self.pair.public_key).decode()
        self.attempt = time.time_ns() // 1_000_000 * 1_024 + epoch % 1_024
        self.journal: list[tuple[int, bytes, bytes]] = []  # epoch, hash, entry; the sequence is the place
        self.told: Answer = {}
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.news = asyncio.Event()
        self.append(entries)

    def append(self, entries: Sequence[bytes]) -> None:
        for entry in entries:
            before = self.journal[-1][1] if self.journal else bytes(32)
            digest = hashlib.sha256(b"comanda.entry.v1\0" + before + entry).digest()
            self.journal.append((json.loads(entry)["epoch"], digest, entry))
        self.news.set()

    def position(self, sequence: int) -> dict[str, Any]:
        if sequence == 0:
            return START
        return {"epoch": self.journal[sequence - 1][0], "sequence": sequence, "hash": self.journal[sequence - 1][1]}

    @property
    def is_done(self) -> bool:
        """Whether the hub has all of the journal, in it or beside it."""
        return bool(self.told) and self.told["watermark"] == self.position(len(self.journal))

    async def run(self, url: str, creds_path: str) -> None:
        connection = await nats.connect(
            servers=[url], user_credentials=creds_path, inbox_prefix=f"_INBOX_{self.site}".encode(), max_reconnect_attempts=-1
        )
        try:
            await connection.subscribe(f"answers.{self.org}.{self.site}", cb=self._heard)
            await connection.flush()
            await self._converse(connection)
        finally:
            await connection.close()

    async def _heard(self, message: Msg) -> None:
        await self.answers.put(msgspec.msgpack.decode(message.data))

    # --- the conversation ------------------------------------------------------------------------

    async def _converse(self, connection: Client) -> None:
        patience_s = 0.5
        while True:
            answer = await self._ask(connection, "hello", self._hello(), patience_s)
            if answer is None:
                patience_s = min(patience_s * 2, HOLD_S)
                continue
            patience_s = 0.5
            while answer is not None and answer["status"] in ("ok", "gap", "fenced") and answer["incarnation"]:
                heard_at = time.monotonic()
                self.told = answer
                if answer["watermark"] != self.position(min(answer["watermark"]["sequence"], len(self.journal))):
                    raise Contradicted(str(answer["watermark"]))
                answer = await self._next(connection, answer, heard_at)
            if answer is not None:
                await self._rest(answer.get("retry_after_s") or HOLD_S)

    async def _next(self, connection: Client, answer: Answer, heard_at: float) -> Answer | None:
        """Send the next envelope if there is one and credit for it; with nothing to send, a heartbeat. None: silence, or no credit."""
        self.news.clear()
        if self.is_done:
            await self._rest(HEARTBEAT_S)
            if self.is_done:
                return await self._ask(connection, "hello", self._hello(), SILENCE_S)
        if time.monotonic() - heard_at >= answer["credit_ttl_s"] or answer["credit_until"] <= answer["watermark"]["sequence"]:
            return None
        return await self._ask(connection, "journal", self._envelope(answer["watermark"]["sequence"], answer["credit_until"]), SILENCE_S)

    async def _rest(self, seconds: float) -> None:
        """Wait, but not when there is something new."""
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
        except TimeoutError:
            return

    async def _ask(self, connection: Client, subject: str, payload: dict[str, Any], seconds: float) -> Answer | None:
        """Publish a frame as a new attempt and wait for the answer to it; None after a silence."""
        self.attempt += 1_024
        kind = {"hello": "hello", "journal": "envelope"}[subject]
        await connection.publish(f"{subject}.{self.org}.{self.site}", self._sealed(kind, payload | {"attempt": self.attempt}))
        try:
            async with asyncio.timeout(seconds):
                while True:
                    answer = await self.answers.get()
                    if answer["attempt"] == self.attempt:
                        return answer
        except TimeoutError:
            return None

    # --- frames ------------------------------------------------------------------------------------

    def _sealed(self, kind: str, payload: dict[str, Any]) -> bytes:
        data = pack(payload)
        signature = self.pair.sign(b"comanda.frame.v1\0" + kind.encode() + b"\0" + data)
        return pack([kind, self.key, signature, data])

    def _hello(self) -> dict[str, Any]:
        return {"org": self.org, "site": self.site, "epoch": self.epoch, "head": self.position(len(self.journal))}

    def _envelope(self, held: int, credit_until: int) -> dict[str, Any]:
        """The next run after a sequence: one epoch, within entries, bytes and credit."""
        epoch, run, size = self.journal[held][0], list[bytes](), 0
        for its_epoch, _, entry in self.journal[held : min(credit_until, held + ENTRIES_MAX)]:
            size += len(entry)
            if its_epoch != epoch or (run and size > BYTES_MAX):
                break
            run.append(entry)
        whole = [count for count, entry in enumerate(run, 1) if _ends_command(entry)]
        run = run[: whole[-1]] if whole else run
        last = held + len(run)
        return {
            "org": self.org, "site": self.site, "epoch": epoch, "first": held + 1, "last": last, "before": self.position(held)["hash"],
            "after": self.position(last)["hash"], "packed": zlib.compress(pack(run)),
        }  # fmt: skip


def _ends_command(entry: bytes) -> bool:
    said = json.loads(entry)
    return said["ordinal"] == said["of"] - 1
