/** The kitchen board: order, counts, ages, and a thumb that hits twice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ticket } from "@comanda/ui/generated/wire.ts";
import { ageOf, allDay, bumpedIds, TapGuard, ticketsOf } from "../board.ts";

function ticket(id: string, station: string, minute: number, ...lines: [string, number][]): Ticket {
  const created_at = `2026-01-05T10:${String(minute).padStart(2, "0")}:00Z`;
  return { ticket_id: id, station, number: 1, created_at, lines: lines.map(([name, quantity]) => ({ line_id: name, name, quantity, modifiers: [], note: "" })) } as unknown as Ticket;
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
