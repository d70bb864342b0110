/** The kitchen screen wired once: device, words, station, tickets, bumps. */

import { computed, effect, signal } from "@preact/signals";
import { Device, isBareTable } from "@comanda/ui/device.ts";
import type { Ticket } from "@comanda/ui/generated/wire.ts";
import { createTranslator } from "@comanda/ui/i18n.ts";
import { bumpedIds, ticketsOf } from "./board.ts";
import english from "./messages/en.ts";
import { chime } from "./sound.ts";

export const device = new Device("kds", { checks: "false" });
export const words = await createTranslator(english, { de: () => import("./messages/de.ts"), es: () => import("./messages/es.ts") });
export const { t } = words;

const STORED = "comanda.kds.station";

/** The station shown, `""` for all: from the address (`?station=grill`), else as last chosen here. */
export const station = signal(new URLSearchParams(location.search).get("station") ?? localStorage.getItem(STORED) ?? "");

export function chooseStation(name: string): void {
  station.value = name;
  localStorage.setItem(STORED, name);
}

/** Stations of the menu and of open tickets, in order of first mention. */
export const stations = computed(() => [
  ...new Set([...device.menu.value.items.map((item) => item.station), ...[...device.live.tickets.value.values()].map((ticket) => ticket.station)]),
]);

const bumped = computed(() => bumpedIds(device.queue.underway.value));
export const everywhere = computed(() => ticketsOf(device.live.tickets.value, "", bumped.value));
export const tickets = computed(() => ticketsOf(device.live.tickets.value, station.value, bumped.value));

/** The station has made everything on a ticket: it leaves at once, and comes back if the box refuses. */
export function bump(ticket: Ticket): void {
  device.submit({ type: "BumpTicket", ticket_id: ticket.ticket_id });
}

export function ticketName(ticket: Ticket): string {
  if (ticket.table_id === "") return t("quick.numbered", { n: ticket.check_number });
  return isBareTable(ticket.table_id) ? t("table.named", { table: ticket.table_id }) : ticket.table_id;
}

/** Tickets that came since the last look, for those who listen. */
export const arrived = signal(0);

let seen: ReadonlySet<string> | null = null;
effect(() => {
  const ids = new Set(tickets.value.map((ticket) => ticket.ticket_id));
  const fresh = seen === null ? 0 : [...ids].filter((id) => !seen?.has(id)).length;
  // The first frame after loading is no news; nor is a ticket that came back because its bump was refused.
  if (device.live.position.peek() !== "") seen = new Set([...(seen ?? []), ...ids].slice(-2_000));
  if (fresh > 0) {
    arrived.value = fresh;
    chime();
  }
});
