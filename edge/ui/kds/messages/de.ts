/** Texts of the kitchen screen in German. */

import type { Text } from "@comanda/ui/i18n.ts";
import shared from "@comanda/ui/messages/de.ts";
import type { SharedKey } from "@comanda/ui/messages/en.ts";
import type { KdsKey } from "./en.ts";

const texts: Readonly<Record<Exclude<KdsKey, SharedKey>, Text>> = {
  "station.title": "Station",
  "station.all": "Alle Stationen",
  "table.named": "Tisch {table}",
  "quick.numbered": "Rechnung {n}",
  "ticket.number": "Bon {n}",
  "ticket.check": "Rechnung {n}",
  "ticket.bump": "Bon {n} erledigt, {name}",
  "ticket.seen": "Änderungen von Bon {n}, {name}: gesehen",
  "ticket.serve": "Bon {n}, {name}, ausgeben",
  "ticket.recall": "Zurückholen",
  "ticket.recalled": "Zurückgeholt",
  "ticket.addsto": "Zu Bon {n}",
  "ticket.startsin": "in {time}",
  "change.added": "Mehr auf Bon {n}",
  "change.voided": "Storniert: {names}",
  "change.noted": "{names}: {note}",
  "portion.left": "linke Hälfte",
  "portion.right": "rechte Hälfte",
  "dish.seat": "Platz {n}",
  "dish.with": "mit {stations}",
  "dish.voided": "Storniert",
  "dish.ready": "Fertig",
  "board.empty": "Alles erledigt",
  "board.empty.hint": "Neue Bestellungen erscheinen hier von selbst.",
  "board.more": ["1 weiterer Bon", "{n} weitere Bons"],
  "allday.title": "Gesamt",
  "sound.on": "Ton an",
  "sound.off": "Ton aus",
  "sound.touch": "Für Ton tippen",
  "recovering.kitchen": "Neue Bestellungen kommen gleich wieder.",
  "lost.title": "Keine Verbindung zur Box",
  "lost.detail": "Neue Bestellungen kommen nicht an. Den Service fragen.",
  "lost.kept": ["1 Erledigung wird später gesendet.", "{n} Erledigungen werden später gesendet."],
  "new.announce": ["1 neuer Bon", "{n} neue Bons"],
};

export default { ...shared, ...texts } as Readonly<Record<KdsKey, Text>>;
