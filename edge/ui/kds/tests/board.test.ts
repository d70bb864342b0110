/** The kitchen board: order, counts, ages, and a thumb that hits twice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ticket } from "@comanda/ui/generated/wire.ts";
import { ageOf, allDay, bumpedIds, hasNews, startsInS, TapGuard, ticketsOf, unshown } from "../board.ts";

function ticket(id: string, station: string, minute: number, ...lines: [string, number][]): Ticket {
  const created_at = `2026-01-05T10:${String(minute).padStart(2, "0")}:00Z`;
  const dishes = lines.map(([name, quantity]) => ({ line_id: `${id} ${name}`, check_id: "", name, quantity, modifiers: [], note: "", status: "displayed", fire_at: null }));
  return { ticket_id: id, station, number: 1, created_at, status: "open", priority: 0, shown_at: null, changes: [], lines: dishes } as unknown as Ticket;
}

const OPEN = new Map([ticket("young", "grill", 9, ["Ribs", 1]), ticket("old", "grill", 2, ["Ribs", 2], ["Corn", 1]), ticket("bar", "bar", 1)].map((each) => [each.ticket_id, each]));

test("a station sees its own tickets, the oldest first", () => {
  assert.deepEqual(ticketsOf(OPEN, "grill", new Set()).map((each) => each.ticket_id), ["old", "young"]);
  assert.deepEqual(ticketsOf(OPEN, "", new Set()).map((each) => each.ticket_id), ["bar", "old", "young"]);
});

test("a bumped ticket leaves at once and is back when its bump is refused", () => {
  const underway = [{ id: "k", keptMs: 0, commands: [{ id: "k", command: { type: "BumpTicket", ticket_id: "old" } as const }] }];
  assert.deepEqual(ticketsOf(OPEN, "grill", bumpedIds(underway)).map((each) => each.ticket_id), ["young"]);
  assert.deepEqual(ticketsOf(OPEN, "grill", bumpedIds([])).map((each) => each.ticket_id), ["old", "young"]);
});

test("all-day counts add up over tickets, most first", () => {
  assert.deepEqual(allDay([...OPEN.values()]), [["Ribs", 3], ["Corn", 1]]);
});

test("all-day counts tell modifiers apart, and a dish of two stations is one", () => {
  const [old] = ticketsOf(OPEN, "grill", new Set());
  assert.ok(old);
  const rare = { ...old, lines: old.lines.map((line) => ({ ...line, line_id: `${line.line_id} rare`, modifiers: ["Rare"] })) };
  assert.deepEqual(allDay([old, old, rare]), [["Ribs", 2], ["Ribs · Rare", 2], ["Corn", 1], ["Corn · Rare", 1]]);
});

test("a ticket turns amber after five minutes and red after ten", () => {
  assert.deepEqual([299, 300, 599, 600].map((age) => ageOf(0, age * 1_000)), ["fresh", "warn", "warn", "late"]);
});

test("a double tap bumps one ticket although the next has slid under the thumb", () => {
  const guard = new TapGuard();
  const place = { left: 0, top: 0, right: 100, bottom: 100 };
  const elsewhere = { left: 200, top: 0, right: 300, bottom: 100 };
  assert.equal(guard.accepts({ x: 50, y: 50, atMs: 0 }, place), true);
  assert.equal(guard.accepts({ x: 52, y: 51, atMs: 180 }, place), false);
  assert.equal(guard.accepts({ x: 250, y: 50, atMs: 190 }, elsewhere), true);
  assert.equal(guard.accepts({ x: 50, y: 50, atMs: 900 }, place), true);
});

test("an urgent ticket goes before older ones, and the pass sees what is made", () => {
  const urgent = { ...ticket("urgent", "bar", 20), priority: 2 };
  const made = { ...ticket("made", "grill", 1), status: "bumped" } as Ticket;
  const live = new Map([...OPEN, ["urgent", urgent], ["made", made]]);
  assert.deepEqual(ticketsOf(live, "", new Set()).map((each) => each.ticket_id), ["urgent", "bar", "old", "young"]);
  assert.deepEqual(ticketsOf(live, "pass", new Set(), true).map((each) => each.ticket_id), ["urgent", "bar", "made", "old", "young"]);
});

test("a ticket that begins later says in how long, and one that was told is not told again", () => {
  const [old] = ticketsOf(OPEN, "grill", new Set());
  assert.ok(old);
  const waits = { ...old, lines: old.lines.map((line) => ({ ...line, fire_at: "2026-01-05T10:10:00Z" })) };
  assert.equal(startsInS(waits, Date.parse("2026-01-05T10:09:15Z")), 45);
  assert.equal(startsInS(old, Date.parse("2026-01-05T10:09:15Z")), 0);
  assert.deepEqual(unshown([...OPEN.values()], new Set(["old"])), ["young", "bar"]);
});

test("a change that nobody has seen is news", () => {
  const change = { kind: "voided", at: "2026-01-05T10:00:00Z", line_ids: [], text: "", ticket_id: "", number: 0 };
  const [old] = ticketsOf(OPEN, "grill", new Set());
  assert.ok(old);
  assert.equal(hasNews({ ...old, changes: [{ ...change, seen_at: null }] }), true);
  assert.equal(hasNews({ ...old, changes: [{ ...change, seen_at: change.at }] }), false);
});
