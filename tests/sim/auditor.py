"""The auditor: knows what was proposed and what was acknowledged to whom, and judges what is on disk and at the hub.

What lives here: rules of its own, with hashes, JSON and arithmetic of its own. It imports nothing of the product, so that no
mistake is made twice. See ledger.py for its book-keeping of checks, tickets and money.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from tests.sim.ledger import Ledger, Violation

__all__ = ["Auditor", "Violation"]

Row = tuple[int, bytes, bytes]
"""(sequence, hash, bytes) of an entry."""
Sums = dict[str, tuple[int, int, int, int, int]]
"""By business date: orders, lines, gross, net and tax in minor units."""


class AuditedDisk(Protocol):
    def platter(self) -> list[Row]: ...


class AuditedBox(Protocol):
    """What the auditor may look at."""

    name: str

    @property
    def disk(self) -> AuditedDisk: ...

    def rows_at_hub(self, after: int = 0) -> list[Row]: ...

    def hub_incarnation(self) -> str: ...


class Auditor:
    """Judges every site of a world. Raises Violation."""

    def __init__(self) -> None:
        self._proposals: dict[str, dict[str, bytes]] = {}
        self._acknowledged: dict[str, dict[str, bytes]] = {}
        self._told: dict[str, int] = {}
        self.commands = 0
        self.audits = 0

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violation(otherwise)

    # --- what it is told ---

    def proposed(self, box: AuditedBox, commands: Iterable[tuple[str, bytes]]) -> None:
        """A device has made these commands: id and body."""
        self._proposals.setdefault(box.name, {}).update(commands)

    def acknowledged(self, box: AuditedBox, answers: Sequence[bytes]) -> None:
        """A device has been told that its commands are accepted. The same command must get the same bytes for ever."""
        known = self._acknowledged.setdefault(box.name, {})
        for answer in answers:
            command = json.loads(answer)["command_id"]
            self.expect(known.setdefault(command, answer) == answer, f"command {command} was answered twice, and differently")
            self.commands += 1

    def told_in_cloud(self, box: AuditedBox, sequence: int, digest: bytes, incarnation: str) -> None:
        """The till of the box is about to show that the cloud has everything up to here. Is it so?"""
        number = int(incarnation.rpartition("-")[2])
        self.expect(number >= self._told.get(box.name, 0), f"{box.name} believes {incarnation}, after it had heard of a later one")
        self._told[box.name] = number
        if sequence:
            ours = box.disk.platter()
            is_ours = len(ours) >= sequence and ours[sequence - 1][1] == digest
            self.expect(is_ours, f"{box.name} is told that entry {sequence} is in the cloud; it holds another")
            if incarnation == box.hub_incarnation():
                theirs = box.rows_at_hub(sequence - 1)
                is_there = bool(theirs) and theirs[0][1] == digest
                self.expect(is_there, f"{box.name} is told that entry {sequence} is in the cloud; the hub has it not")

    # --- what it finds ---

    def audit(self, box: AuditedBox) -> Ledger:
        """Everything that must hold at any moment, of what is certain to be on disk and of what the hub has."""
        self.audits += 1
        rows = box.disk.platter()
        entries = self._whole_chain(box.name, rows)
        self._each_command_once(box.name, entries)
        self._nothing_acknowledged_is_lost(box.name, rows, entries)
        theirs = box.rows_at_hub()
        self.expect(theirs == rows[: len(theirs)], f"{box.name}: the hub does not hold the beginning of the journal")
        return Ledger.of(entries)

    def audit_at_rest(self, box: AuditedBox, edge: Sums, hub: Sums) -> None:
        """What must hold once nothing fails any more and nothing is under way."""
        ledger = self.audit(box)
        self.expect(len(box.rows_at_hub()) == len(box.disk.platter()), f"{box.name}: the hub has not got everything")
        self.expect(edge == ledger.sums(), f"{box.name} sells {edge}, its entries come to {ledger.sums()}")
        self.expect(hub == ledger.sums(), f"the hub reports {hub} for {box.name}, the entries come to {ledger.sums()}")

    def _whole_chain(self, name: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
        before = bytes(32)
        entries: list[dict[str, Any]] = []
        for index, (sequence, digest, data) in enumerate(rows, 1):
            before = hashlib.sha256(b"comanda.entry.v1\x00" + before + data).digest()
            entry = json.loads(data)
            self.expect(sequence == entry["sequence"] == index, f"{name}: entry {index} claims sequence {sequence}")
            self.expect(digest == before, f"{name}: the chain is broken at {sequence}")
            entries.append(entry)
        return entries

    def _each_command_once(self, name: str, entries: Sequence[dict[str, Any]]) -> None:
        """A command's entries stand together, whole, once, and somebody has asked for them."""
        seen: set[str] = set()
        at = 0
        while at < len(entries):
            first = entries[at]
            command, of = first["command"], first["of"]
            run = [(entry["command"], entry["ordinal"]) for entry in entries[at : at + of]]
            self.expect(run == [(command, ordinal) for ordinal in range(of)], f"{name}: command {command} stands in pieces: {run}")
            self.expect(command not in seen, f"{name}: command {command} took effect twice")
            seen.add(command)
            body = self._proposals.get(name, {}).get(command)
            self.expect(body is not None or first["device"] == "box", f"{name}: nobody proposed command {command}")
            if body is not None:
                self.expect(hashlib.sha256(body).hexdigest() == first["digest"], f"{name}: command {command} has the digest of another")
            at += of

    def _nothing_acknowledged_is_lost(self, name: str, rows: Sequence[Row], entries: Sequence[dict[str, Any]]) -> None:
        for command, answer in self._acknowledged.get(name, {}).items():
            said = json.loads(answer)
            epoch, sequence, digest = said["position"].split(".")
            at = int(sequence)
            self.expect(at <= len(rows), f"{name}: command {command} was acknowledged at {at} and is lost; the journal ends at {len(rows)}")
            self.expect(rows[at - 1][1].hex() == digest, f"{name}: command {command} was acknowledged at {at}, where another entry stands")
            for event in said["events"]:
                entry = entries[event["sequence"] - 1]
                is_same = (entry["command"], entry["event"], str(entry["epoch"])) == (command, event["event"], epoch)
                self.expect(is_same, f"{name}: command {command} was acknowledged with another event than stands at {event['sequence']}")
