"""Law 10: every release reads the journals and frames of every release before it, for ever."""

import base64
import hashlib
import json
import sqlite3
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from edge.journal.schema import format_of
from shared.domain.check import Check
from shared.domain.check.books import NO_SALES, Sales, sales_of
from shared.domain.menu import decode_menu, document_version, menu_problems
from shared.domain.registry import COMMANDS, EVENTS, STATE_FORMAT, decode_command
from shared.protocol.claim import open_claim
from shared.protocol.entry import GENESIS_HASH, START, Position, StoredEntry, chain, decode_entry, encode_entry
from shared.protocol.envelope import (
    AnswerStatus,
    DocumentPart,
    Envelope,
    Fetch,
    FrameError,
    Hello,
    decode_answer,
    decode_page,
    open_frame,
)
from shared.protocol.keys import verify, verify_issuer
from shared.protocol.receiver import receive
from tests.corpus import freeze as freeze_module
from tests.corpus.freeze import freeze, main
from tests.corpus.reading import Follower, holds
from tests.corpus.scene import ISSUER, ORG, SITE, Scene

ROOT = Path(__file__).parent
VERSIONS = sorted(path for path in ROOT.glob("v*.*") if path.is_dir())


def load(version: Path, name: str) -> Any:
    return json.loads((version / f"{name}.json").read_text(encoding="utf-8"))


def journal(version: Path) -> list[StoredEntry]:
    return [
        StoredEntry(epoch, sequence, bytes.fromhex(digest), text.encode()) for epoch, sequence, digest, text in load(version, "journal")
    ]


def frame(version: Path, name: str) -> bytes:
    return base64.b64decode(load(version, "frames")["frames"][name])


each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)


def test_something_is_frozen() -> None:
    assert "v0.1" in [version.name for version in VERSIONS]


@each_version
def test_the_chain_of_a_frozen_journal_is_whole(version: Path) -> None:
    entries = journal(version)
    assert chain(GENESIS_HASH, [stored.entry for stored in entries]) == [stored.hash for stored in entries]
    assert [stored.sequence for stored in entries] == list(range(1, len(entries) + 1))


@each_version
def test_every_frozen_entry_is_read(version: Path) -> None:
    for stored in journal(version):
        entry = decode_entry(stored.entry)
        assert (entry.epoch, entry.sequence) == (stored.epoch, stored.sequence)
        assert holds(json.loads(encode_entry(entry)), json.loads(stored.entry)), "nothing of an entry may be lost in reading it"


@each_version
def test_a_frozen_journal_folds_to_the_state_it_had(version: Path) -> None:
    follower = Follower()
    for stored in journal(version):
        follower.take(decode_entry(stored.entry))
    assert follower.passed_over == 0
    frozen = load(version, "state")
    now = {f"{kind} {id}": msgspec.to_builtins(state) for (kind, id), state in follower.states.items()}
    assert set(now) >= set(frozen)
    for key, state in frozen.items():
        assert holds(json.loads(json.dumps(now[key])), state), key


@each_version
def test_frozen_sales_are_the_same_to_the_cent(version: Path) -> None:
    follower = Follower()
    days: dict[str, Sales] = {}
    for stored in journal(version):
        follower.take(decode_entry(stored.entry))
    for state in follower.states.values():
        if isinstance(state, Check) and sales_of(state) != NO_SALES:
            days[state.business_date] = days.get(state.business_date, NO_SALES) + sales_of(state)
    now = {date: msgspec.to_builtins(sales) for date, sales in days.items()}
    frozen = load(version, "sales")
    assert set(now) == set(frozen)
    assert holds(now, frozen)


@each_version
def test_frozen_envelopes_are_opened_and_carry_the_frozen_journal(version: Path) -> None:
    key = load(version, "frames")["key"]
    mark, rows = START, list[StoredEntry]()
    for name in sorted(name for name in load(version, "frames")["frames"] if name.startswith("envelope-")):
        envelope, signer = open_frame(frame(version, name), verify)
        assert isinstance(envelope, Envelope)
        assert signer == key
        verdict = receive(mark, envelope)
        assert verdict.status is AnswerStatus.OK
        mark, rows = verdict.watermark, rows + list(verdict.append)
    assert rows == journal(version)


@each_version
def test_a_frozen_signature_still_protects(version: Path) -> None:
    data = bytearray(frame(version, "hello"))
    data[-1] ^= 1
    with pytest.raises(FrameError, match=r"frame\.bad_signature"):
        open_frame(bytes(data), verify)


@each_version
def test_a_frozen_hello_is_understood(version: Path) -> None:
    hello, _ = open_frame(frame(version, "hello"), verify)
    assert isinstance(hello, Hello)
    assert hello.head == journal(version)[-1].position
    assert (hello.epoch, hello.attempt, hello.figures.open_checks, hello.figures.alarms) == (2, 1_793_000_002, 1, ("disk.low",))


@each_version
@pytest.mark.parametrize("status", ["ok", "gap", "fork", "fenced", "refused", "unavailable"])
def test_a_frozen_answer_is_understood(version: Path, status: str) -> None:
    answer = decode_answer(frame(version, f"answer-{status}"))
    assert answer.status is AnswerStatus(status)
    assert answer.watermark == journal(version)[4].position
    assert (answer.attempt, answer.credit_until, answer.credit_ttl_s, answer.retry_after_s) == (1_793_000_001, 6_405, 60.0, 2.5)


SINCE_SWAPS = pytest.mark.parametrize(
    "version", [path for path in VERSIONS if path.name not in ("v0.1", "v0.2")], ids=lambda version: version.name
)


@SINCE_SWAPS
def test_a_frozen_claim_is_believed_and_what_a_swap_says_is_understood(version: Path) -> None:
    claim = open_claim(frame(version, "claim").decode(), (ISSUER.public_key.decode(),), verify_issuer)
    assert (claim.org, claim.site, claim.epoch) == (ORG, SITE, 3)
    hello, _ = open_frame(frame(version, "hello-full"), verify)
    assert isinstance(hello, Hello)
    assert hello.begins == journal(version)[2].position
    assert [keepsake.kind for keepsake in hello.keepsakes] == ["menu"]
    assert set(hello.figures.refused_commands.values()) == {"orphan.unfit"}
    told = decode_answer(frame(version, "told"))
    assert open_claim(told.claim, (ISSUER.public_key.decode(),), verify_issuer) == claim
    assert (told.attempt, told.wanted, told.backed_up, told.key) == (0, (hello.keepsakes[0].version,), 4, claim.key)
    assert [command.expires_at_ms for command in told.commands] == [1_793_000_009_000]


@SINCE_SWAPS
def test_frozen_keepsakes_and_fetches_are_read(version: Path) -> None:
    part, _ = open_frame(frame(version, "document"), verify)
    assert isinstance(part, DocumentPart)
    assert hashlib.sha256(zlib.decompress(part.data)).hexdigest() == part.version
    fetch, _ = open_frame(frame(version, "fetch"), verify)
    assert isinstance(fetch, Fetch)
    assert (fetch.after, fetch.limit) == (journal(version)[4].position, 7)
    page = decode_page(frame(version, "page"))
    assert list(page.entries) == journal(version)[:5]
    assert hashlib.sha256(page.document).hexdigest() == page.keepsakes[0].version == part.version


@each_version
def test_a_command_that_a_tablet_kept_over_the_update_is_read_and_has_its_digest(version: Path) -> None:
    """Else the box, asked again after an update, would say that the id was used for something else."""
    for name, frozen in load(version, "commands").items():
        command = decode_command(frozen["body"].encode())
        assert type(command).__name__ == name
        assert hashlib.sha256(msgspec.json.encode(command)).hexdigest() == frozen["digest"]


@each_version
def test_a_frozen_menu_is_read_and_keeps_its_version(version: Path) -> None:
    document = (version / "menu.json").read_bytes().removesuffix(b"\n")
    assert menu_problems(decode_menu(document)) == []
    applied = [json.loads(s.entry)["event"] for s in journal(version) if b'"MenuApplied"' in s.entry]
    assert document_version(document) in [event["version"] for event in applied]


@each_version
def test_what_a_later_release_adds_is_passed_over(version: Path) -> None:
    """The other direction of the skew: this release reads a journal that knows more than it does."""
    follower = Follower()
    richer = [json.loads(stored.entry) for stored in journal(version)]
    for said in richer:
        said["later"] = {"x": [1]}
        said["event"]["later"] = "?"
        follower.take(decode_entry(json.dumps(said).encode()))
    before = dict(follower.states)
    follower.take(decode_entry(json.dumps(richer[-1] | {"event": {"type": "GuestForgotten", "guest": 5}}).encode()))
    assert follower.passed_over == 1
    assert follower.states == before


def test_positions_and_times_keep_their_spelling() -> None:
    version = VERSIONS[0]
    last = journal(version)[-1]
    assert Position.parse(f"{last.epoch}.{last.sequence}.{last.hash.hex()}") == last.position
    at = json.loads(last.entry)["at"]
    assert datetime.fromisoformat(at).isoformat().replace("+00:00", "Z") == at


# --- the tool ---


def test_the_scene_holds_every_event_and_every_command_there_is() -> None:
    """Else a later release could change what it means, and nobody would notice."""
    scene = Scene()
    events = {json.loads(bytes(decode_entry(stored.entry).event))["type"] for stored in scene.entries}
    assert events == set(EVENTS), "add what is missing to tests/corpus/evening.py"
    by_the_box_itself = {"ApplyScheduledMenu", "StartEpoch", "TurnBusinessDay"}
    assert set(scene.commands) == set(COMMANDS) - by_the_box_itself


def test_the_scene_is_always_the_same(tmp_path: Path) -> None:
    assert Scene().entries == Scene().entries
    freeze(tmp_path / "v9.8")
    freeze(tmp_path / "v9.9")
    frozen = {path.name: path.read_bytes() for path in (tmp_path / "v9.8").iterdir()}
    assert frozen == {path.name: path.read_bytes() for path in (tmp_path / "v9.9").iterdir()}
    assert {f"{name}.json" for name in ("journal", "state", "sales", "commands", "frames", "menu", "menu-before")} < set(frozen)


def test_a_file_can_be_made_with_the_frozen_tables(tmp_path: Path) -> None:
    freeze(tmp_path / "v9.9")
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript((tmp_path / "v9.9" / "journal.sql").read_text(encoding="utf-8"))
    assert format_of(connection) == STATE_FORMAT
    assert connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    connection.close()


def test_a_frozen_version_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze_module, "ROOT", tmp_path)
    runner = CliRunner()
    assert runner.invoke(main, ["v7.1"]).exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "v7.1").iterdir()}
    again = runner.invoke(main, ["v7.1"])
    assert again.exit_code == 1
    assert "error: corpus.frozen" in again.output
    assert "hint:" in again.output
    assert {path: path.read_bytes() for path in (tmp_path / "v7.1").iterdir()} == before


@pytest.mark.parametrize("version", ["0.1", "v1", "../v0.1", "v0.1.2", ""])
def test_a_version_has_one_spelling(version: str) -> None:
    assert CliRunner().invoke(main, [version]).exit_code == 2
