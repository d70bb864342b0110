"""A second client of the wire, written from docs/protocol.md alone: it shares no code with the project, and uploads a journal that it is given.

What lives here: the sender of that page (The sender, The fence, A refused envelope, Keepsakes), and `run`, which carries it over NATS.
"""

import base64
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
import nats
import nkeys
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey  # of which nkeys is made; it cannot itself verify by a public key

START = {"epoch": 0, "sequence": 0, "hash": bytes(32)}
FIRST_HELLO_S, HEARTBEAT_S, SILENCE_S, MOST_S, HOLD_S, KEEPSAKE_S = 0.5, 15.0, 5.0, 30.0, 30.0, 60.0
STEP, RUN, PART = 1024, 200, 256 * 1024
NEEDED = {"attempt": int, "incarnation": str, "status": str, "watermark": dict}
OTHERS = {"credit_until": 0, "credit_ttl_s": 0.0, "retry_after_s": 0.0, "code": "", "claim": "", "key": "", "wanted": []}
Answer: Any = msgspec.defstruct("Answer", [*NEEDED.items(), *((name, type(default), default) for name, default in OTHERS.items())])


class SecondClient:
    def __init__(self, org: str, site: str, epoch: int, seed: str, journal: Sequence[tuple[int, int, bytes, bytes]], **more: Any) -> None:
        self.org, self.site, self.epoch, self.journal, self.pair = org, site, epoch, journal, nkeys.from_seed(seed.encode())
        self.named = {"org": org, "site": site, "epoch": epoch, "v": 1}
        self.claim, self.issuers = more.get("claim", ""), more.get("issuers", ())
        keepsakes: Sequence[tuple[str, bytes]] = more.get("keepsakes", ())
        self.keepsakes = {sha256(document).hexdigest(): (kind, zlib.compress(document)) for kind, document in keepsakes}
        self.clock: Callable[[], float] = more.get("clock", time.monotonic)
        self.key, self.head, self.attempt = self.pair.public_key.decode(), len(journal), int(time.time() * 1000) * STEP + epoch % STEP
        self.state, self.incarnation, self.is_proved, self.hello_wait = "offline", "", False, FIRST_HELLO_S
        self.watermark = self.cloud = self.sent = self.suspect = self.credit_until = 0  # sequences, all of them
        self.barren = 0  # how often sending began anew since the watermark last rose
        self.credit_void = self.hello_at = self.greeted_at = self.quiet_since = self.held_until = self.round_trip = 0.0
        self.flight: list[int] = []  # the `last` of each envelope that is sent and not answered
        self.noted: list[int] = []  # those that were in flight when one was refused
        self.parts: list[dict[str, Any]] = []
        self.parted_at: dict[str, float] = {}
        self.alarms: set[str] = set()  # all that were ever raised
        self.outbox: list[tuple[str, bytes]] = []

    def say(self, subject: str, kind: str, fields: dict[str, Any]) -> None:
        payload = msgspec.msgpack.encode(self.named | {"attempt": self.attempt} | fields)
        signature = self.pair.sign(b"comanda.frame.v1\0" + kind.encode() + b"\0" + payload)
        self.outbox.append((f"{subject}.{self.org}.{self.site}", msgspec.msgpack.encode([kind, self.key, signature, payload])))

    def hello(self) -> None:
        self.hello_at, keepsakes = self.clock(), [{"kind": kind, "version": version} for version, (kind, _) in self.keepsakes.items()]
        self.say("hello", "hello", {"head": self.place(self.head), "claim": self.claim, "keepsakes": keepsakes})

    def greet(self) -> None:
        self.attempt += STEP
        self.state, self.flight, self.hello_wait, self.greeted_at = "greeting", [], FIRST_HELLO_S, self.clock()
        self.hello()

    def hold(self, seconds: float, alarm: str = "") -> None:
        self.attempt += STEP
        self.state, self.flight, self.held_until = "holding", [], self.clock() + seconds
        self.alarms |= {alarm} - {""}

    async def disconnected(self) -> None:
        self.state, self.flight, self.parts, self.parted_at, self.outbox = "offline", [], [], {}, []

    def place(self, sequence: int) -> dict[str, Any]:
        return dict(zip(START, self.journal[sequence - 1], strict=False)) if sequence else START

    def patience(self) -> float:
        return min(max(SILENCE_S, 2 * self.round_trip) * 2 ** min(self.barren, 8), MOST_S)

    def tick(self) -> None:
        now = self.clock()
        if self.state == "holding" and now >= self.held_until:
            self.greet()
        elif self.state == "greeting" and now >= self.hello_at + self.hello_wait:
            self.hello_wait = min(2 * self.hello_wait, MOST_S)
            self.hello()
        elif self.state in ("sending", "fenced") and self.watermark < self.head and now >= self.quiet_since + self.patience():
            self.barren += 1
            self.greet()
        elif self.state in ("sending", "fenced"):
            if now >= self.hello_at + HEARTBEAT_S:
                self.hello()
            while now < self.credit_void and len(self.flight) < (1 if self.suspect else 16) and (run := self.next_run()):
                (epoch, first, _, _), (_, last, after, _), before = run[0], run[-1], self.place(run[0][1] - 1)["hash"]
                packed = zlib.compress(msgspec.msgpack.encode([entry for _, _, _, entry in run]))
                places = {"epoch": epoch, "first": first, "last": last, "before": before, "after": after}
                self.say("journal", "envelope", places | {"packed": packed})
                self.sent, self.quiet_since = last, self.quiet_since if self.flight else now
                self.flight.append(last)
            for part in self.parts[:4]:
                self.say("journal", "document", part)
            del self.parts[:4]

    def next_run(self) -> list[tuple[int, int, bytes, bytes]]:
        run, size, most = [], 0, max(1, (self.suspect - self.watermark) // 2) if self.suspect else RUN
        for entry in self.journal[self.sent : min(self.sent + most, self.credit_until)]:
            size += len(entry[3])
            if run and (entry[0] != run[0][0] or size > PART):
                break
            run.append(entry)
        ends = [at for at, entry in enumerate(run, 1) if ends_command(entry[3])]
        return run if self.suspect or not (ends or self.flight) else run[: max(ends, default=0)]

    async def hear(self, message: Any) -> None:
        answer = msgspec.msgpack.decode(message.data, type=Answer)
        is_mine = answer.attempt == self.attempt
        is_found = bool(self.suspect) and self.flight == [self.suspect] == [self.watermark + 1]
        is_deaf = self.state == "offline" or answer.key not in ("", self.key)
        if is_deaf or (answer.status == "fenced" and not self.believes(answer, is_mine)) or not is_mine:
            return
        if answer.status == "unavailable":
            self.hold(min(max(answer.retry_after_s, 2), 60))
        elif answer.status == "refused" and self.flight and not is_found:
            self.noted = self.flight
            self.greet()
        elif answer.status in ("refused", "fork"):
            self.hold(HOLD_S, "envelope.refused_entry" if is_found and answer.status == "refused" else answer.code)
        elif not answer.incarnation or (answer.status != "fenced" and self.is_proved):
            self.hold(HOLD_S)  # the hub knows no watermark, or has forgotten the claim
        elif answer.status in ("ok", "gap", "fenced"):
            self.go_on(answer, "fenced" if answer.status == "fenced" else "sending")

    def believes(self, answer: Any, is_mine: bool) -> bool:
        """Whether an answer `fenced` is one to go by; a token that proves the fence counts in every attempt."""
        if not self.is_proved and self.proves(answer.claim):
            self.is_proved = True
            self.alarms.add("epoch.fenced")
            if not is_mine:
                self.greet()
        elif is_mine and self.issuers and not self.is_proved:
            self.alarms |= {"claim.untrusted"} if answer.claim else set()
            if not answer.claim:
                self.hold(HOLD_S, "epoch.fenced")
        return is_mine and (self.is_proved or not self.issuers)

    def proves(self, token: str) -> bool:
        with suppress(CryptoError, msgspec.DecodeError, ValueError, LookupError, TypeError):
            issuer, signature, payload = msgspec.msgpack.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            VerifyKey(base64.b32decode(issuer + "=" * (-len(issuer) % 8))[1:33]).verify(b"comanda.claim.v1\0" + payload, signature)
            claim = msgspec.msgpack.decode(payload)
            return issuer in self.issuers and (claim["org"], claim["site"]) == (self.org, self.site) and claim["epoch"] > self.epoch
        return False

    def go_on(self, answer: Any, state: str) -> None:
        now, mark, is_greeted = self.clock(), answer.watermark["sequence"], self.state == "greeting"
        self.credit_until, self.credit_void = answer.credit_until, now + answer.credit_ttl_s
        is_gap = not is_greeted and "gap" in (answer.status, answer.code.removeprefix("envelope."))
        alarm = "feed.ahead" if mark > self.head else "feed.fork" if self.place(mark) != answer.watermark else ""
        self.barren = 0 if mark > self.watermark else self.barren + is_gap
        if alarm or (is_gap and self.barren > 1):
            self.hold(HOLD_S if alarm else self.patience(), alarm)
            return
        is_anew = is_greeted or is_gap or mark < self.watermark or answer.incarnation != self.incarnation or state != self.state
        self.round_trip = now - self.greeted_at if is_greeted else self.round_trip
        self.quiet_since = now if any(last <= mark for last in self.flight) else self.quiet_since
        self.watermark, self.incarnation, self.flight = mark, answer.incarnation, [last for last in self.flight if last > mark]
        self.suspect = next((last for last in self.noted if mark < last <= mark + RUN), 0)
        self.cloud = mark if state == "sending" else self.cloud
        for version in set(answer.wanted) & set(self.keepsakes):
            if now >= self.parted_at.get(version, now - KEEPSAKE_S) + KEEPSAKE_S:
                (kind, packed), self.parted_at[version] = self.keepsakes[version], now
                common = {"attempt": 0, "kind": kind, "version": version, "count": -(-len(packed) // PART)}
                self.parts += [common | {"index": at, "data": packed[at * PART : (at + 1) * PART]} for at in range(common["count"])]
        if is_anew:
            self.alarms |= {"epoch.fenced"} if state == "fenced" else set()
            self.attempt += STEP
            self.state, self.sent, self.flight, self.quiet_since = state, mark, [], now
        self.sent = max(self.sent, mark)

    async def run(self, servers: str | list[str], creds: str) -> None:
        """Returns when the hub's watermark is the journal's head, in the journal of the site or on the branch of a fenced box."""
        options: dict[str, Any] = {"inbox_prefix": f"_INBOX_{self.site}".encode(), "user_credentials": creds, "max_reconnect_attempts": -1}
        nc = await nats.connect(servers, disconnected_cb=self.disconnected, **options)
        try:
            answers = await nc.subscribe(f"answers.{self.org}.{self.site}")
            await nc.flush()
            while self.state not in ("sending", "fenced") or self.watermark < self.head or self.parts or self.outbox:
                if self.state == "offline" and nc.is_connected:
                    self.greet()
                self.tick()
                while self.outbox:
                    await nc.publish(*self.outbox.pop(0))
                with suppress(TimeoutError):
                    await self.hear(await answers.next_msg(timeout=0.01))
            await nc.flush()
        finally:
            await nc.close()


def ends_command(entry: bytes) -> bool:
    with suppress(msgspec.DecodeError, LookupError, TypeError):
        fields = msgspec.json.decode(entry)
        return fields["ordinal"] == fields["of"] - 1
    return True  # the hub appends the bytes whatever is in them
