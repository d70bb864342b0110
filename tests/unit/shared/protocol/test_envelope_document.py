"""docs/protocol.md against the code: its example frames decode to what it says of them, and its tables leave nothing out.

Another implementation is written from that page alone; what is wrong in it is a bug of the protocol.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import nkeys
import pytest

from shared import limits
from shared.protocol import subjects
from shared.protocol.claim import open_claim
from shared.protocol.codes import WIRE_CODES
from shared.protocol.entry import GENESIS_HASH, StoredEntry, chain
from shared.protocol.envelope import (
    Answer,
    AnswerStatus,
    DocumentPart,
    Envelope,
    Fetch,
    FetchPage,
    Figures,
    Hello,
    decode_answer,
    open_frame,
    pack_envelope,
)
from shared.protocol.keys import verify, verify_issuer
from shared.protocol.sender import Phase

PAGE = (Path(__file__).parents[4] / "docs" / "protocol.md").read_text()


def block(name: str) -> str:
    (found,) = re.findall(rf"^```{name}\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL)
    return found


def frame_of(name: str) -> bytes:
    return bytes.fromhex(block(name).replace("\n", ""))


def said_of(name: str) -> dict[str, Any]:
    """The JSON that follows an example."""
    found = re.search(rf"^```{name}\n.*?```\n\n```json\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def as_said(value: object) -> Any:
    """A payload as the page writes it: positions as text, bytes in hexadecimal."""
    match value:
        case {"epoch": int(epoch), "sequence": int(sequence), "hash": bytes(digest)}:
            return f"{epoch}.{sequence}.{digest.hex()}"
        case dict():
            return {key: as_said(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case bytes():
            return value.hex()
        case _:
            return value


def ensure_says(payload: bytes, said: dict[str, Any]) -> None:
    fields = as_said(msgspec.msgpack.decode(payload))
    for name, value in said.items():
        if isinstance(value, dict):
            assert fields[name].items() >= value.items()
        else:
            assert fields[name] == value, name


@pytest.mark.parametrize("name", ["hello", "envelope"])
def test_the_frames_of_the_page_are_signed_by_its_key_and_say_what_it_says(name: str) -> None:
    seed, public = re.findall(r"^(?:seed|public) +(\w+)$", block("text"), re.MULTILINE)
    kind, key, signature, payload = msgspec.msgpack.decode(frame_of(name))
    assert (kind, key) == (name, public)
    assert nkeys.from_seed(bytearray(seed.encode())).sign(b"comanda.frame.v1\0" + name.encode() + b"\0" + payload) == signature
    frame, _ = open_frame(frame_of(name), verify)
    assert type(frame).__name__.lower() == name
    ensure_says(payload, said_of(name))
    assert f"A {name}, {len(frame_of(name))} bytes" in PAGE or f"both entries, {len(frame_of(name))} bytes" in PAGE


def test_the_entries_of_the_page_are_those_of_its_envelope_and_hash_as_it_says() -> None:
    entries = [line.encode() for line in block("entries").split("\n")]
    frame, _ = open_frame(frame_of("envelope"), verify)
    assert isinstance(frame, Envelope)
    assert frame.entries() == entries
    hashes = chain(GENESIS_HASH, entries)
    assert frame.after == hashes[-1]
    assert all(f"`{digest.hex()}`" in PAGE for digest in hashes)
    rows = [StoredEntry(1, 1 + index, hashes[index], entries[index]) for index in range(2)]
    assert pack_envelope(frame.org, frame.site, frame.attempt, GENESIS_HASH, rows).after == frame.after


def test_the_answer_of_the_page_is_one() -> None:
    assert isinstance(decode_answer(frame_of("answer")), Answer)
    ensure_says(frame_of("answer"), said_of("answer"))
    assert f"Its answer, {len(frame_of('answer'))} bytes" in PAGE


def test_the_claim_of_the_page_is_one() -> None:
    (issuer,) = re.findall(r"of the issuer `(A\w{55})`", PAGE)
    claim = open_claim(block("claim").replace("\n", ""), (issuer,), verify_issuer)
    assert (claim.epoch, claim.key) == (2, re.findall(r"^public +(\w+)$", block("text"), re.MULTILINE)[0])


@pytest.mark.parametrize("struct", [Envelope, Hello, Figures, DocumentPart, Answer, Fetch, FetchPage])
def test_every_field_of_every_frame_is_described(struct: type[msgspec.Struct]) -> None:
    missing = [field for field in struct.__struct_fields__ if f"`{field}`" not in PAGE]
    assert missing == []


def test_every_status_state_and_code_is_described() -> None:
    words = [*AnswerStatus, *Phase, *WIRE_CODES]
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    table = PAGE[PAGE.index("## Limits") : PAGE.index("## The receiver")]
    for said, value in {
        "1 MiB": limits.NATS_PAYLOAD_BYTES_MAX / 2**20,
        "512 KiB": limits.ENTRY_BYTES_MAX / 2**10,
        "200; 256 KiB": limits.ENVELOPE_ENTRIES_MAX,
        "256 KiB, or one": limits.ENVELOPE_BYTES_MAX / 2**10,
        "8 MiB": limits.ENVELOPE_RAW_BYTES_MAX / 2**20,
        "16 |": limits.ENVELOPES_IN_FLIGHT,
        "6,400": limits.CREDIT_ENTRIES,
        "60 s": limits.CREDIT_TTL_S,
        "0.5 s, doubled up to 30 s": limits.HELLO_RETRY_S,
        "30 s |": limits.HELLO_RETRY_MAX_S,
        "15 s": limits.HELLO_INTERVAL_S,
        "5 s or two": limits.ANSWER_TIMEOUT_S,
        "2 s, at most 60 s": limits.UNAVAILABLE_RETRY_S,
        "at most 60 s": limits.UNAVAILABLE_RETRY_MAX_S,
        "2,048": limits.CLAIM_TOKEN_CHARS_MAX,
        "128; 4": limits.KEEPSAKES_MAX,
        "; 4 |": limits.KEEPSAKES_WANTED_MAX,
        "64; 256 KiB": limits.DOCUMENT_PARTS_MAX,
        "; 256 KiB |": limits.DOCUMENT_PART_BYTES / 2**10,
        "60 s |": limits.KEEPSAKE_RETRY_S,
        "8 |": limits.SITE_COMMANDS_PER_ANSWER,
        "64 |": limits.HUB_REFUSALS_MAX,
        "5,000; 4 MiB": limits.FETCH_ENTRIES_MAX,
        "4 MiB, exceeded": limits.FETCH_PAGE_BYTES_MAX / 2**20,
    }.items():
        assert said in table, said
        number = re.search(r"[\d,.]+", said)
        assert number is not None
        assert float(number[0].replace(",", "")) == value, said


def test_subjects_and_permissions_are_as_described() -> None:
    org, site = "<org>", "<site>"
    for subject in (subjects.journal(org, site), subjects.hello(org, site), subjects.answers(org, site), subjects.inbox_prefix(site)):
        assert f"`{subject}`" in PAGE
    publish, subscribe = subjects.box_permissions("<its org>", "<its site>")
    for subject in (*publish, *subscribe):
        assert f"`{subject}`" in PAGE
