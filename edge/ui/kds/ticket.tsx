/** One ticket: what, how, how long already. All of it is the button that bumps it. */

import { useEffect, useRef } from "preact/hooks";
import { boxNow, elapsed, second } from "@comanda/ui/clock.ts";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import type { Ticket } from "@comanda/ui/generated/wire.ts";
import { ageOf } from "./board.ts";
import { station, t, ticketName } from "./state.ts";

interface Props {
  readonly ticket: Ticket;
  /** The digit that bumps it from a keyboard or bump bar; 0 for none. */
  readonly digit: number;
  readonly onBump: (event: MouseEvent, element: HTMLElement) => void;
}

export function TicketCard({ ticket, digit, onBump }: Props) {
  const element = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    element.current?.animate([{ opacity: 0, scale: "0.97" }, { opacity: 1, scale: "1" }], { duration: 140, easing: "ease-out" });
  }, []);
  const name = ticketName(ticket);
  return (
    <button
      ref={element}
      type="button"
      class="ticket"
      data-ticket={ticket.ticket_id}
      aria-label={t("ticket.bump", { n: ticket.number, name })}
      onClick={(event) => onBump(event, event.currentTarget)}
    >
      <Head ticket={ticket} name={name} digit={digit} />
      <span class="lines">
        {ticket.lines.map((line) => (
          <span key={line.line_id} class="line">
            <b class={line.quantity > 1 ? "quantity many" : "quantity"}>{line.quantity}</b>
            <span class="what">
              <strong>{line.name}</strong>
              {line.modifiers.map((modifier, index) => (
                <span key={index} class="modifier">
                  {modifier}
                </span>
              ))}
              {line.note !== "" && (
                <span class="note">
                  <Icon name="note" size={18} />
                  {line.note}
                </span>
              )}
            </span>
          </span>
        ))}
      </span>
    </button>
  );
}

/** The only part that is drawn every second. */
function Head({ ticket, name, digit }: { readonly ticket: Ticket; readonly name: string; readonly digit: number }) {
  void second.value;
  const created = Date.parse(ticket.created_at);
  const now = boxNow();
  return (
    <span class={`head ${ageOf(created, now)}`}>
      <span class="name">{name}</span>
      <time class="timer">{elapsed(created, now)}</time>
      <span class="about">
        {t("ticket.number", { n: ticket.number })}
        {station.value === "" && ` · ${ticket.station}`}
      </span>
      {digit > 0 && <kbd>{digit}</kbd>}
    </span>
  );
}
