/** Texts of the kitchen screen in English. */

import type { Text } from "@comanda/ui/i18n.ts";
import shared, { type SharedKey } from "@comanda/ui/messages/en.ts";

const texts = {
  "station.title": "Station",
  "station.all": "All stations",
  "table.named": "Table {table}",
  "quick.numbered": "Check {n}",
  "ticket.number": "Ticket {n}",
  "ticket.check": "Check {n}",
  "ticket.bump": "Bump ticket {n}, {name}",
  "ticket.seen": "Changes of ticket {n}, {name}: seen",
  "ticket.serve": "Hand over ticket {n}, {name}",
  "ticket.recall": "Recall",
  "ticket.recalled": "Recalled",
  "ticket.addsto": "Adds to {n}",
  "ticket.startsin": "in {time}",
  "change.added": "More on ticket {n}",
  "change.voided": "Voided: {names}",
  "change.noted": "{names}: {note}",
  "portion.left": "left half",
  "portion.right": "right half",
  "dish.seat": "Seat {n}",
  "dish.with": "with {stations}",
  "dish.voided": "Voided",
  "dish.ready": "Ready",
  "board.empty": "All done",
  "board.empty.hint": "New orders appear here by themselves.",
  "board.more": ["1 more ticket", "{n} more tickets"],
  "allday.title": "All day",
  "sound.on": "Sound on",
  "sound.off": "Sound off",
  "sound.touch": "Tap for sound",
  "recovering.kitchen": "New orders arrive again in a moment.",
  "lost.title": "No connection to the box",
  "lost.detail": "New orders do not arrive. Ask the service by voice.",
  "lost.kept": ["1 bump is kept and sent later.", "{n} bumps are kept and sent later."],
  "new.announce": ["1 new ticket", "{n} new tickets"],
} as const satisfies Readonly<Record<string, Text>>;

export type KdsKey = keyof typeof texts | SharedKey;
export default { ...shared, ...texts } as Readonly<Record<KdsKey, Text>>;
