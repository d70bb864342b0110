"""Tills for tests of the running edge: they order, ask again with the same id until answered, and remember every answer.

What lives here: a box with a menu, tills in threads, and the judgement of a journal against what the tills were told. It
knows the wire as a device does; the chain is checked by code of the tests' own.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.kernel import Command
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox
from tests.support.waiting import eventually
from tests.unit.edge.site_kit import ensure_whole
from tests.unit.shared.domain.world import MENU

__all__ = ["Till", "body_of", "ensure_told_truly", "load_menu", "order", "read_journal", "tills"]

_PASSING = frozenset({500, 503, 507})  # refusals that pass: the same command is sent again


def body_of(command: Command, id: str = "") -> dict[str, Any]:
    """A command as a device sends it, under a fresh id unless one is given."""
    return {"id": id or new_id(), "command": msgspec.to_builtins(command)}


def order(items: Sequence[str] = ("soup", "wine")) -> list[Command]:
    """A check from opening to close."""
    check_id = new_id()
    return [
        OpenCheck(check_id=check_id, table_id="1"),
        *(AddLine(check_id=check_id, line_id=new_id(), item_id=item) for item in items),
        SendCheck(check_id=check_id), PayCash(check_id=check_id, tendered_minor=10_000), CloseCheck(check_id=check_id),
    ]  # fmt: skip


def load_menu(edge: EdgeBox) -> str:
    """Put the test's menu in force; its version."""
    with edge.box_client() as box:
        answer = box.put("/v1/menu", content=msgspec.json.encode(MENU))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["version"])


class Till:
    """One device that orders one check after the other until it is told to stop, each command until it is answered."""

    def __init__(self, url: str) -> None:
        self.answers: dict[str, dict[str, Any]] = {}  # by command id: what the box has said is on disk
        self.sent: dict[str, str] = {}  # command id -> type, answered or not
        self.refusals: list[dict[str, Any]] = []  # refusals that do not pass: there should be none
        self.passing: set[str] = set()  # codes of refusals that passed
        self.orders = 0
        self._client = httpx.Client(base_url=url, timeout=5.0, headers={"comanda-device": new_id()})
        self._stop = threading.Event()
        self._abandon = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, finish: bool = True) -> None:
        """Finish the order in hand (or walk away in the middle of it), and raise what went wrong."""
        self._stop.set()
        if not finish:
            self._abandon.set()
        self._thread.join(30.0)
        self._client.close()
        assert not self._thread.is_alive(), "a till still waits for its answer"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                for command in order():
                    if not self._ask(command):
                        return
                self.orders += 1
        except BaseException as error:  # handed to the test by stop()
            self._error = error

    def _ask(self, command: Command) -> bool:
        body = body_of(command)
        self.sent[body["id"]] = body["command"]["type"]
        answer = eventually(lambda: self._abandon.is_set() or self._ask_once(body), f"an answer to {body}")
        return isinstance(answer, dict)

    def _ask_once(self, body: dict[str, Any]) -> dict[str, Any] | None:
        try:
            answer = self._client.post("/v1/commands", json=body)
        except httpx.HTTPError:
            return None
        if answer.status_code in _PASSING:
            self.passing.add(answer.json()["code"])
            return None
        if answer.status_code != 200:
            self.refusals.append(answer.json())
            raise RuntimeError(f"{body['command']} was refused: {answer.text}")
        self.answers[body["id"]] = answer.json()
        return self.answers[body["id"]]


@contextmanager
def tills(edge: EdgeBox, count: int = 4, *, finish: bool = True) -> Iterator[list[Till]]:
    """Several tills ordering while the block runs."""
    made = [Till(edge.url) for _ in range(count)]
    for till in made:
        till.start()
    try:
        yield made
    finally:
        for till in made:
            till.stop(finish=finish)


def answered(made: Sequence[Till], more_than: int = 0) -> Callable[[], bool]:
    """Whether every till has been answered more often than that since now."""
    before = [len(till.answers) for till in made]
    return lambda: all(len(till.answers) > count + more_than for till, count in zip(made, before, strict=True))


def read_journal(path: Path) -> list[tuple[int, int, bytes, bytes]]:
    """(sequence, epoch, hash, entry) of every row, from the file alone."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT sequence, epoch, hash, entry FROM journal ORDER BY sequence").fetchall()
    finally:
        connection.close()


def ensure_told_truly(path: Path, made: Sequence[Till]) -> list[tuple[int, int, bytes, bytes]]:
    """Judge a journal: one whole chain, everything that was acknowledged in it, nothing twice. Returns its rows."""
    rows = read_journal(path)
    entries = ensure_whole(rows)
    effects = [(entry["command"], entry["ordinal"]) for _, _, entry in entries]
    assert len(set(effects)) == len(effects), "an effect stands twice"
    by_command: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for epoch, hash, entry in entries:
        by_command.setdefault(entry["command"], []).append((f"{epoch}.{entry['sequence']}.{hash.hex()}", entry))
    for till in made:
        assert till.refusals == []
        for id, answer in till.answers.items():
            held = by_command.get(id)
            assert held, f"{till.sent[id]} was acknowledged and is gone"
            assert answer["position"] == held[-1][0]
            assert [event["event"] for event in answer["events"]] == [entry["event"] for _, entry in held]
    opened = [entry["event"]["check_id"] for _, _, entry in entries if entry["event"]["type"] == "CheckOpened"]
    assert len(set(opened)) == len(opened)
    ours = {id for till in made for id in till.sent}
    for id, held in by_command.items():
        assert id in ours or held[0][1]["device"] == "box", f"nobody has asked for {held[0][1]}"
        assert len(held) == held[0][1]["of"], f"{id} is there in part"
    return rows
