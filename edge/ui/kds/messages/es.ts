/** Texts of the kitchen screen in Spanish. */

import type { Text } from "@comanda/ui/i18n.ts";
import type { SharedKey } from "@comanda/ui/messages/en.ts";
import shared from "@comanda/ui/messages/es.ts";
import type { KdsKey } from "./en.ts";

const texts: Readonly<Record<Exclude<KdsKey, SharedKey>, Text>> = {
  "station.title": "Partida",
  "station.all": "Todas las partidas",
  "table.named": "Mesa {table}",
  "quick.numbered": "Cuenta {n}",
  "ticket.number": "Comanda {n}",
  "ticket.check": "Cuenta {n}",
  "ticket.bump": "Comanda {n} hecha, {name}",
  "ticket.seen": "Cambios del ticket {n}, {name}: vistos",
  "ticket.serve": "Entregar el ticket {n}, {name}",
  "ticket.recall": "Recuperar",
  "ticket.recalled": "Recuperado",
  "ticket.addsto": "Se suma al {n}",
  "ticket.startsin": "en {time}",
  "change.added": "Más en el ticket {n}",
  "change.voided": "Anulado: {names}",
  "change.noted": "{names}: {note}",
  "portion.left": "mitad izquierda",
  "portion.right": "mitad derecha",
  "dish.seat": "Asiento {n}",
  "dish.with": "con {stations}",
  "dish.voided": "Anulado",
  "dish.ready": "Listo",
  "board.empty": "Todo hecho",
  "board.empty.hint": "Los pedidos nuevos aparecen aquí solos.",
  "board.more": ["1 comanda más", "{n} comandas más"],
  "allday.title": "En total",
  "sound.on": "Sonido activado",
  "sound.off": "Sin sonido",
  "sound.touch": "Toque para sonido",
  "recovering.kitchen": "Los pedidos nuevos vuelven a llegar en un momento.",
  "lost.title": "Sin conexión con la caja",
  "lost.detail": "No llegan pedidos nuevos. Pregunte a sala de viva voz.",
  "lost.kept": ["1 comanda hecha se enviará después.", "{n} comandas hechas se enviarán después."],
  "new.announce": ["1 comanda nueva", "{n} comandas nuevas"],
};

export default { ...shared, ...texts } as Readonly<Record<KdsKey, Text>>;
