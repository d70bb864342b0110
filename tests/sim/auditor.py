"""The auditor: knows what was proposed and what was acknowledged to whom, and judges what is on disk and at the hub.

What lives here: rules of its own, with hashes, JSON and arithmetic of its own. It imports nothing of the product, so that no
mistake is made twice. See ledger.py for its book-keeping of checks, tickets and money, ports.py for what it may look at.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.sim.audited import AuditedBox, AuditedPlace, Row, Shown, Sums
from tests.sim.ledger import Ledger, Violation

__all__ = ["Auditor", "Row", "Sums", "Violation"]

_NONE = (0, 0, 0, 0, 0)
_OF_SCREENS = {"MarkShown", "MarkPrinted"}
"""What screens and printers say of themselves: no tablet holds it, since they say it again to whichever box they meet."""


class _Book:
    """What is known of one site."""

    def __init__(self) -> None:
        self.proposals: dict[str, bytes] = {}
        self.acknowledged: dict[str, bytes] = {}
        self.set_apart: dict[str, str] = {}  # commands that a replacement would not play, and says so: code by id
        self.tickets: dict[tuple[str, int, str], str] = {}  # (command, ordinal, station) -> ticket
        self.has_lied: set[str] = set()  # boxes whose disk has lost what it had said to be synced
        self.alarms: set[tuple[str, str]] = set()  # (box, code)
        self.in_cloud: dict[str, int] = {}  # commands that the cloud was said to have, with the number of its incarnation
        self.said: dict[str, int] = {}  # up to which entry of a box that was noted
        self.trimmed: dict[str, int] = {}  # up to which entry each box was seen to let go
        self.apart: set[str] = set()  # commands on branches that a restore has kept apart and shown


class Auditor:
    """Judges every site of a world. Raises Violation."""

    def __init__(self) -> None:
        self._books: dict[str, _Book] = defaultdict(_Book)
        self._told: dict[str, int] = {}
        self.commands = 0
        self.audits = 0

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violation(otherwise)

    # --- what it is told ---

    def proposed(self, place: AuditedPlace, commands: Iterable[tuple[str, bytes]]) -> None:
        """A device has made these commands: id and body."""
        self._books[place.name].proposals.update(commands)

    def acknowledged(self, place: AuditedPlace, box: AuditedBox, answers: Sequence[bytes]) -> None:
        """A device has been told that its commands are accepted. They are on disk, and the same command gets the same bytes for ever,
        unless its entries were lost with a box and it was played again."""
        book, rows = self._books[place.name], box.disk.platter()
        for answer in answers:
            said = json.loads(answer)
            command = said["command_id"]
            _, sequence, digest = said["position"].split(".")
            at = int(sequence)
            is_there = at <= len(rows) and rows[at - 1][1].hex() == digest
            self.expect(
                is_there or box.name in book.has_lied, f"command {command} was acknowledged at {at}, which is not on the disk of {box.name}"
            )
            before = book.acknowledged.setdefault(command, answer)
            if before != answer:
                first = json.loads(before)["position"]
                self.expect(not self._stands(rows, first), f"command {command} was answered twice, and differently")
                book.acknowledged[command] = answer
            self._cooked(place.name, ((command, ordinal, each["event"]) for ordinal, each in enumerate(said["events"])))
            self.commands += 1

    def _cooked(self, name: str, events: Iterable[tuple[str, int, dict[str, Any]]]) -> None:
        """A screen or a printer knows a ticket again, however often and by whichever box its command was decided: by one id."""
        tickets = self._books[name].tickets
        for command, ordinal, event in events:
            if event["type"] == "TicketCreated":
                known = tickets.setdefault((command, ordinal, event["station"]), event["ticket_id"])
                self.expect(
                    known == event["ticket_id"], f"a ticket of command {command} is cooked twice: as {known} and {event['ticket_id']}"
                )

    @staticmethod
    def _stands(rows: Sequence[Row], position: str) -> bool:
        _, sequence, digest = position.split(".")
        at = int(sequence)
        return 0 < at <= len(rows) and rows[at - 1][1].hex() == digest

    def told_in_cloud(self, place: AuditedPlace, box: AuditedBox, sequence: int, digest: bytes, incarnation: str) -> None:
        """The till of the box is about to show that the cloud has everything up to here. Is it so?"""
        number = int(incarnation.rpartition("-")[2])
        self.expect(number >= self._told.get(box.name, 0), f"{box.name} believes {incarnation}, after it had heard of a later one")
        self._told[box.name] = number
        if sequence:
            ours = box.disk.platter()
            is_ours = len(ours) >= sequence and ours[sequence - 1][1] == digest
            self.expect(is_ours, f"{box.name} is told that entry {sequence} is in the cloud; it holds another")
            self._note_cloud(self._books[place.name], box.name, ours[:sequence], number)
            if incarnation == place.hub_incarnation():
                theirs = place.rows_at_hub(sequence - 1)
                is_there = bool(theirs) and theirs[0][:2] == (sequence, digest)
                is_there = is_there or any(last == sequence for _, last in place.holes())  # it goes on after what is shown as lacking
                # A hub that forgot the claim took it, and put it apart when it learned of it, while its word was on the way.
                is_there = is_there or (box is not place.present and (sequence, digest) in place.orphans())
                self.expect(is_there, f"{box.name} is told that entry {sequence} is in the cloud; the hub has it not")

    @staticmethod
    def _note_cloud(book: _Book, name: str, rows: Sequence[Row], incarnation: int) -> None:
        for _, _, data in rows[book.said.get(name, 0) :]:
            book.in_cloud[json.loads(data)["command"]] = incarnation
        book.said[name] = len(rows)

    def alarmed(self, place: AuditedPlace, box: AuditedBox, code: str, detail: str) -> None:
        """A person is called. Is there a reason?"""
        book = self._books[place.name]
        book.alarms.add((box.name, code))
        is_fenced = code == "epoch.fenced" and box is not place.present
        is_branched = code in {"envelope.fork", "feed.fork", "feed.ahead"} and (bool(book.has_lied) or box is not place.present)
        is_forgotten = code in {"key.unknown", "epoch.not_granted", "epoch.twice"} and place.was_claim_forgotten()
        self.expect(is_fenced or is_branched or is_forgotten, f"{box.name} calls a person without a reason: {code} {detail}")

    def lied(self, place: AuditedPlace, box: AuditedBox) -> None:
        """A disk had said that it had synced, and lost it."""
        self._books[place.name].has_lied.add(box.name)

    def not_played(self, place: AuditedPlace, command: str, code: str) -> None:
        """A box would not play what another had acknowledged: that stands in its report."""
        self._books[place.name].set_apart[command] = code

    def told(self, place: AuditedPlace, command: str, code: str) -> None:
        """A tablet has told a person what became of a command that it held."""
        if command:
            self._books[place.name].set_apart[command] = code

    def restored(self, place: AuditedPlace, box: AuditedBox, sources: Sequence[Sequence[Row]], is_branch_shown: bool) -> None:
        """A replacement has got its journal: all that the hub has, and what a mirror adds to it; what contradicts is kept and shown."""
        rows = box.disk.platter()
        for number, source in enumerate(sources):
            agree = sum(1 for theirs in source if theirs == (rows[theirs[0] - 1] if theirs[0] <= len(rows) else None))
            if agree == len(source):
                continue
            lacking = [json.loads(data) for _, _, data in source[agree:]]
            begins_later = source[0][0] > len(rows) + 1  # behind a checkpoint, and nobody has what leads to it
            is_half = (
                source[agree][0] > len(rows)
                and all(entry["command"] == lacking[0]["command"] for entry in lacking)
                and lacking[-1]["ordinal"] < lacking[-1]["of"] - 1
            )
            is_branch = number > 0 and source[agree][0] <= len(rows)
            self.expect(
                is_half or begins_later or (is_branch and is_branch_shown),
                f"{box.name} was restored to {len(rows)} entries; source {number} has {len(source)}, of which {agree} are there",
            )
            self._books[place.name].apart |= {entry["command"] for entry in lacking} if is_branch else set()

    # --- what it finds ---

    def audit(self, place: AuditedPlace) -> Ledger:
        """Everything that must hold at any moment, of what is certain to be on disk and of what the hub has."""
        self.audits += 1
        book, box = self._books[place.name], place.present
        rows = box.disk.platter()
        entries = self._whole_chain(box.name, rows)
        self._each_command_once(book, box.name, entries)
        theirs = place.rows_at_hub()
        is_simple = not book.has_lied and len(place.boxes) == 1
        if is_simple:
            held = rows[: theirs[-1][0]] if theirs else []
            self.expect(theirs == self._without_holes(place, held), f"{box.name}: the hub does not hold the beginning of the journal")
            missing = book.acknowledged.keys() - {entry["command"] for entry in entries}
            self.expect(not missing, f"{box.name}: acknowledged and lost: {sorted(missing)}")
        self._trimmed_is_kept(place, rows, place.trimmed())
        self._holes_are_shown(place, theirs)
        self._answers_stand(book, box.name, rows, entries)
        self._cooked(place.name, ((entry["command"], entry["ordinal"], entry["event"]) for entry in entries))
        return Ledger.of(entries)

    def audit_at_rest(self, place: AuditedPlace, shown: Shown) -> None:
        """What must hold once nothing fails any more and nothing is under way."""
        ledger = self.audit(place)
        box, book = place.present, self._books[place.name]
        rows, theirs = box.disk.platter(), place.rows_at_hub()
        self.expect(theirs[-1][0] == len(rows), f"{box.name}: the hub has {theirs[-1][0]} of {len(rows)}")
        self.expect(theirs == self._without_holes(place, rows), f"{box.name}: the hub holds another journal")
        self._nothing_is_lost(place, book, rows)
        sums = ledger.sums()
        self.expect(shown.edge == sums, f"{box.name} sells {shown.edge}, its entries come to {sums}")
        lacking = self._in_holes(place, rows)
        unreported = ledger.sums_of(lacking)
        for date in shown.hub.keys() | sums.keys():
            differ = [abs(a - b) for a, b in zip(shown.hub.get(date, _NONE), sums.get(date, _NONE), strict=True)]
            self.expect(
                all(by <= most for by, most in zip(differ, unreported.get(date, _NONE), strict=True)),
                f"the hub reports {shown.hub} for {box.name}, the entries come to {sums}, of which what it lacks touches {unreported}",
            )
        held = shown.held - lacking
        self.expect(not held, f"the hub holds back {sorted(held)} of {place.name} without a reason")
        self._shows("the hub", {id: said for id, said in shown.hub_checks.items() if id not in lacking}, ledger)
        for name, screen in shown.screens.items():
            self._shows(name, screen, ledger)

    def _shows(self, name: str, screen: Mapping[str, tuple[str, int]], ledger: Ledger) -> None:
        """What somebody is shown of checks is what they come to."""
        for id, (status, total) in screen.items():
            check = ledger.checks.get(id)
            self.expect(check is not None and check.status == status, f"{name} shows check {id} as {status}")
            due = None if check is None or check.due is None or status == "merged" else check.sums().total
            self.expect(due is None or due == total, f"{name} shows {total} for check {id}, which comes to {due}")

    def audit_quarantine(self, place: AuditedPlace, shown: Shown, is_poison: Callable[[str, str], bool]) -> None:
        """What the hub cannot project is shown, and all else is right."""
        ledger = self.audit(place)
        poison: set[int] = set()
        rows = place.present.disk.platter()
        touched = self._in_holes(place, rows)  # checks and tickets of which something cannot be projected
        for entry in (json.loads(data) for _, _, data in place.rows_at_hub()):
            subjects = _subjects(entry["event"])
            if is_poison(entry["command"], entry["event"]["type"]):
                poison.add(entry["sequence"])
            elif not subjects & touched:
                self.expect(
                    entry["sequence"] not in shown.held_entries,
                    f"{place.name}: entry {entry['sequence']} is held back, and is about nothing that cannot be projected",
                )
                continue
            touched |= subjects
        hidden = poison - set(shown.held_entries)
        self.expect(not hidden, f"{place.name}: the hub cannot project entries {sorted(hidden)}, and shows nobody")
        self._shows("the hub", {id: said for id, said in shown.hub_checks.items() if id not in shown.held and id not in touched}, ledger)

    # --- what a box has let go of ---

    def trimmed(self, place: AuditedPlace, box: AuditedBox, begins: int) -> None:
        """A box has let go of what stands up to and with this sequence. A backup has that, as far as the box has heard of restores."""
        rows = box.disk.platter()
        backed_up = {row[:2] for backup in [*place.backups(), *place.lost_backups(self._told.get(box.name, 0))] for row in backup}
        judged = self._books[place.name].trimmed
        missing = [row[0] for row in rows[judged.get(box.name, 0) : begins] if row[:2] not in backed_up]
        judged[box.name] = begins
        self.expect(not missing, f"{box.name} has let go of entries {missing}, which are in no backup")
        last, after = json.loads(rows[begins - 1][2]), json.loads(rows[begins][2])
        self.expect(last["command"] != after["command"], f"{box.name} has let go of half of command {last['command']}")

    def _trimmed_is_kept(self, place: AuditedPlace, rows: Sequence[Row], trimmed: int) -> None:
        """What the present box has let go of is at the hub, or a backup or a mirror has it; or the operator has lost the backup that it
        was promised, and then it is shown as lacking as soon as the box has said where it begins."""
        if not trimmed:
            return
        held = {row[:2] for source in [place.rows_at_hub(), *place.backups(), *place.mirrored()] for row in source}
        missing = [row[0] for row in rows[:trimmed] if row[:2] not in held]
        lost = {row[0] for backup in place.lost_backups() for row in backup}
        self.expect(lost.issuperset(missing), f"{place.name}: entries {missing} were let go of, and nobody has them")

    def _holes_are_shown(self, place: AuditedPlace, theirs: Sequence[Row]) -> None:
        """A person is shown whatever is missing between what the hub has, and nothing else."""
        held = {row[0] for row in theirs}
        missing = set(range(1, theirs[-1][0])) - held if theirs else set[int]()
        shown = {sequence for first, last in place.holes() for sequence in range(first, last + 1)}
        self.expect(missing <= shown, f"{place.name}: the hub lacks entries {sorted(missing - shown)}, and shows nobody")
        self.expect(not shown & held, f"{place.name}: entries {sorted(shown & held)} are shown as lacking, and are there")

    @staticmethod
    def _without_holes(place: AuditedPlace, rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if not any(first <= row[0] <= last for first, last in place.holes())]

    @staticmethod
    def _in_holes(place: AuditedPlace, rows: Sequence[Row]) -> set[str]:
        """The checks and tickets that something in a hole is about, and those that were touched together with one of them since."""
        holes, found = place.holes(), set[str]()
        for sequence, _, data in rows if holes else ():
            subjects = _subjects(json.loads(data)["event"])
            if subjects & found or any(first <= sequence <= last for first, last in holes):
                found |= subjects
        return found

    def _nothing_is_lost(self, place: AuditedPlace, book: _Book, rows: Sequence[Row]) -> None:
        """Every acknowledged command stands in the journal of the present box; or a person is shown what became of it; or nobody has it
        any more: it was in a cloud that was set back, and in a box that is gone or lied."""
        there = {json.loads(data)["command"] for _, _, data in rows}
        now = int(place.hub_incarnation().rpartition("-")[2])
        backed_up = {_said(row)["command"] for backup in place.backups() for row in backup}
        for command in book.acknowledged.keys() - there - book.set_apart.keys() - place.set_aside().keys():
            if json.loads(book.proposals[command])["type"] in _OF_SCREENS:
                continue
            is_kept = command in place.kept_by_tablets()
            self.expect(not is_kept, f"{place.name}: command {command} was acknowledged, a tablet still has it, and the journal has it not")
            self.expect(command not in backed_up, f"{place.name}: command {command} was acknowledged, is in a backup, and is lost")
            was_set_back = book.in_cloud.get(command, now) < now and (len(place.boxes) > 1 or bool(book.has_lied))
            self.expect(
                was_set_back or command in book.apart,
                f"{place.name}: command {command} was acknowledged and is lost",
            )

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

    def _each_command_once(self, book: _Book, name: str, entries: Sequence[dict[str, Any]]) -> None:
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
            body = book.proposals.get(command)
            self.expect(body is not None or first["device"] in {"box", "hub"}, f"{name}: nobody proposed command {command}")
            if body is not None:
                self.expect(hashlib.sha256(body).hexdigest() == first["digest"], f"{name}: command {command} has the digest of another")
            at += of

    def _answers_stand(self, book: _Book, name: str, rows: Sequence[Row], entries: Sequence[dict[str, Any]]) -> None:
        """Where an acknowledged position stands, it says what was acknowledged."""
        for command, answer in book.acknowledged.items():
            said = json.loads(answer)
            epoch, sequence, digest = said["position"].split(".")
            at = int(sequence)
            if at > len(rows) or rows[at - 1][1].hex() != digest:
                continue
            for event in said["events"]:
                entry = entries[event["sequence"] - 1]
                is_same = (entry["command"], _innermost(entry["event"]), str(entry["epoch"])) == (command, event["event"], epoch)
                self.expect(is_same, f"{name}: command {command} was acknowledged with another event than stands at {event['sequence']}")


def _said(row: Row) -> dict[str, Any]:
    return json.loads(row[2])


def _innermost(event: dict[str, Any]) -> dict[str, Any]:
    """What happened: the event that was adopted, perhaps once more by the next box."""
    while event["type"] == "OrphanAdopted":
        event = event["event"]
    return event


def _subjects(event: dict[str, Any]) -> set[str]:
    """The checks and tickets that an event is about."""
    event = _innermost(event)
    names = ("check_id", "to_check_id", "into_check_id", "ticket_id", "added_ticket_id")
    found = {event[name] for name in names if event.get(name)} | set(event.get("from_check_ids", ()))
    return found | {child["check_id"] for child in event.get("children", ())}
