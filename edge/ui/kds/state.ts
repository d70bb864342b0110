/** The kitchen screen wired once: device, words, station, tickets, bumps. */

import { computed, effect, signal } from "@preact/signals";
import { Device, isBareTable } from "@comanda/ui/device.ts";
import { LIMITS, type Ticket } from "@comanda/ui/generated/wire.ts";
import { createTranslator } from "@comanda/ui/i18n.ts";
import { bumpedIds, hasNews, ticketsOf, unshown } from "./board.ts";
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

/** Stations of the menu, as it lists them or as its items name them, and of live tickets. */
export const stations = computed(() => {
  const { stations: listed, items } = device.menu.value;
  const named = listed.length > 0 ? listed.map(({ id }) => id) : items.map((item) => item.station).filter((id) => id !== "");
  return [...new Set([...named, ...[...device.live.tickets.value.values()].map((ticket) => ticket.station)])];
});

/** What a station is called. */
export function stationName(id: string): string {
  return device.menu.value.stations.find((each) => each.id === id)?.name ?? id.charAt(0).toUpperCase() + id.slice(1);
}

function isExpo(name: string): boolean {
  return device.menu.value.stations.some(({ id, kind }) => kind === "expo" && id === name);
}

/** Whether this screen is the pass, where everything is put together and handed over. */
export const isPass = computed(() => isExpo(station.value));

/** What a cook has done that the box has not taken; that tickets are shown is no news to anybody. */
export const bumpsKept = computed(() => device.queue.waiting.value.filter(({ commands }) => commands.some(({ command }) => command.type !== "MarkShown")).length);

const bumped = computed(() => bumpedIds(device.queue.underway.value));

/** How many tickets a station (`""`: all of them) has to see to. */
export function countOf(name: string): number {
  return ticketsOf(device.live.tickets.value, name, bumped.value, isExpo(name)).length;
}
export const tickets = computed(() => ticketsOf(device.live.tickets.value, station.value, bumped.value, isPass.value));

/**
 * The ticket is done: it leaves at once, and comes back if the box refuses. News must be seen first: then a tap says that they are.
 */
export function bump(ticket: Ticket): void {
  const { ticket_id } = ticket;
  if (hasNews(ticket)) device.submit({ type: "MarkChangesSeen", ticket_id, count: ticket.changes.length });
  else device.submit({ type: isPass.peek() ? "ServeTicket" : "BumpTicket", ticket_id });
}

/** Bring back what the station was done with last. */
export function recallLast(): void {
  if (station.peek() !== "") device.submit({ type: "RecallLast", station: station.peek() });
}

/** Tell the box what this screen shows, once for each ticket: nobody may believe that a ticket is seen which is not. */
const told = new Set<string>();
let toldEpoch = 0;
effect(() => {
  const epoch = device.queue.box.value?.epoch ?? 0;
  if (epoch !== toldEpoch) told.clear(); // a replacement was told nothing yet
  toldEpoch = epoch;
  // A box that is not the present one is told nothing: its tickets are not those to be cooked.
  if (device.feed.state.value !== "live" || device.live.position.value === "" || device.queue.wrong.value !== "") return;
  const news = unshown(tickets.value, told).slice(0, LIMITS.TICKETS_SHOWN_MAX);
  if (news.length === 0) return;
  for (const id of news) told.add(id);
  device.submit({ type: "MarkShown", ticket_ids: [...news] });
});

export function ticketName(ticket: Ticket): string {
  if (ticket.table_id === "") return ticket.name === "" ? t("quick.numbered", { n: ticket.order_number || ticket.check_number }) : ticket.name;
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
