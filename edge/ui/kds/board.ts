/** What a station has to cook: pure views of the open tickets. Screens and sockets are not known here. */

import { LIMITS, type Command, type Ticket, type TicketLine } from "@comanda/ui/generated/wire.ts";
import type { Kept } from "@comanda/ui/session-words.ts";

/** Tickets that this screen has bumped or served, whether or not the box has said yes yet. */
export function bumpedIds(underway: readonly Kept[]): ReadonlySet<string> {
  const done = (command: Command) => (command.type === "BumpTicket" || command.type === "ServeTicket" ? [command.ticket_id] : []);
  return new Set(underway.flatMap((kept) => kept.commands.flatMap(({ command }) => done(command))));
}

/**
 * The tickets of a station (`""` for all), without those just bumped: the urgent first, then by age. What the station has made and
 * the pass has not handed over is shown to the pass alone.
 */
export function ticketsOf(live: ReadonlyMap<string, Ticket>, station: string, bumped: ReadonlySet<string>, isPass = false): readonly Ticket[] {
  return [...live.values()]
    .filter((ticket) => (isPass || station === "" || ticket.station === station) && (isPass || ticket.status === "open") && !bumped.has(ticket.ticket_id))
    .sort(
      (a, b) => b.priority - a.priority || a.created_at.localeCompare(b.created_at) || a.number - b.number || a.ticket_id.localeCompare(b.ticket_id),
    );
}

/** Whether the ticket tells of something that nobody in the kitchen has seen. */
export function hasNews(ticket: Ticket): boolean {
  return ticket.changes.some((change) => change.seen_at === null);
}

/** Seconds until the first dish of the ticket is to be begun; nothing where it is time. */
export function startsInS(ticket: Ticket, nowMs: number): number {
  const begins = ticket.lines.filter(isPending).map((line) => (line.fire_at === null ? 0 : Date.parse(line.fire_at)));
  return begins.length === 0 ? 0 : Math.max(0, Math.ceil((Math.min(...begins) - nowMs) / 1_000));
}

/** Whether a dish is still to be made. */
export function isPending(line: TicketLine): boolean {
  return line.status === "sent" || line.status === "displayed" || line.status === "started";
}

/** Tickets of the screen that the box does not know to be shown yet. */
export function unshown(tickets: readonly Ticket[], told: ReadonlySet<string>): readonly string[] {
  return tickets.filter((ticket) => ticket.status === "open" && ticket.shown_at === null && !told.has(ticket.ticket_id)).map(({ ticket_id }) => ticket_id);
}

/** How many of each item are to be made, by modifiers, most first: the all-day counts. */
export function allDay(tickets: readonly Ticket[]): readonly (readonly [name: string, quantity: number])[] {
  const counts = new Map<string, number>();
  const seen = new Set<string>(); // two stations may work on one dish
  for (const ticket of tickets) {
    for (const line of ticket.lines.filter(isPending)) {
      const dish = `${line.check_id === "" ? ticket.check_id : line.check_id} ${line.line_id}`;
      const name = [line.name, ...line.modifiers].join(" · ");
      if (!seen.has(dish)) counts.set(name, (counts.get(name) ?? 0) + line.quantity);
      seen.add(dish);
    }
  }
  return [...counts].sort(([nameA, a], [nameB, b]) => b - a || nameA.localeCompare(nameB));
}

export type Age = "fresh" | "warn" | "late";

export function ageOf(createdMs: number, nowMs: number): Age {
  const seconds = (nowMs - createdMs) / 1_000;
  return seconds >= LIMITS.UI_KITCHEN_LATE_S ? "late" : seconds >= LIMITS.UI_KITCHEN_WARN_S ? "warn" : "fresh";
}

export interface Tap {
  readonly x: number;
  readonly y: number;
  readonly atMs: number;
}

/**
 * A guard against double taps: after a bump the next ticket slides under the finger, so a second tap at that place within
 * UI_TAP_GUARD_S is taken for the same one. Taps elsewhere count at once.
 */
export class TapGuard {
  #left = 0;
  #top = 0;
  #right = 0;
  #bottom = 0;
  #untilMs = 0;

  /** Whether a tap counts; `place` is the ticket it hit. A key press has no place and always counts. */
  accepts(tap: Tap | null, place: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }): boolean {
    if (tap === null) return true;
    const within = tap.x >= this.#left && tap.x <= this.#right && tap.y >= this.#top && tap.y <= this.#bottom;
    if (within && tap.atMs < this.#untilMs) return false;
    [this.#left, this.#top, this.#right, this.#bottom] = [place.left, place.top, place.right, place.bottom];
    this.#untilMs = tap.atMs + LIMITS.UI_TAP_GUARD_S * 1_000;
    return true;
  }
}
