/** One ticket: what, how, how long already. All of it is the button that bumps it. */

import { useEffect, useRef } from "preact/hooks";
import { boxNow, elapsed, second } from "@comanda/ui/clock.ts";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import type { Ticket, TicketChange, TicketLine } from "@comanda/ui/generated/wire.ts";
import { ageOf, hasNews, isPending, startsInS } from "./board.ts";
import { device, isPass, station, stationName, t, ticketName } from "./state.ts";

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
      class={hasNews(ticket) ? "ticket news" : "ticket"}
      data-ticket={ticket.ticket_id}
      aria-label={t(hasNews(ticket) ? "ticket.seen" : isPass.value ? "ticket.serve" : "ticket.bump", { n: ticket.number, name })}
      onClick={(event) => onBump(event, event.currentTarget)}
    >
      <Head ticket={ticket} name={name} digit={digit} />
      {ticket.changes
        .filter((change) => change.seen_at === null)
        .map((change, index) => (
          <Change key={index} change={change} ticket={ticket} />
        ))}
      <span class="lines">
        {ticket.lines.map((line) => (
          <Dish key={line.line_id} line={line} />
        ))}
      </span>
    </button>
  );
}

/** What became of the ticket since it was fired, in words; it stands until somebody has seen it. */
function Change({ change, ticket }: { readonly change: TicketChange; readonly ticket: Ticket }) {
  const names = ticket.lines.filter(({ line_id }) => change.line_ids.includes(line_id)).map(({ name }) => name);
  const text =
    change.kind === "added"
      ? t("change.added", { n: change.number })
      : change.kind === "voided"
        ? t("change.voided", { names: names.join(", ") })
        : t("change.noted", { names: names.join(", "), note: change.text });
  return (
    <span class={`change ${change.kind}`}>
      <Icon name="warning" size={20} /> {text}
    </span>
  );
}

function Dish({ line }: { readonly line: TicketLine }) {
  const others = line.stations.filter((id) => id !== station.value);
  return (
    <span class={`line ${line.status}`}>
      <b class={line.quantity > 1 ? "quantity many" : "quantity"}>{line.quantity}</b>
      <span class="what">
        <strong>{line.name}</strong>
        {line.modifiers.map((modifier, index) => (
          <span key={index} class="modifier" style={{ marginLeft: `${(line.depths[index] ?? 0) * 12}px` }}>
            {modifier}
            {(line.portions[index] ?? "whole") !== "whole" && ` (${t(`portion.${line.portions[index] === "left" ? "left" : "right"}`)})`}
          </span>
        ))}
        {line.note !== "" && (
          <span class="note">
            <Icon name="note" size={18} />
            {line.note}
          </span>
        )}
        <Where line={line} others={others} />
      </span>
    </span>
  );
}

/** Seat and combo of a dish, who else works on it, and that it is made. */
function Where({ line, others }: { readonly line: TicketLine; readonly others: readonly string[] }) {
  const parts = [
    line.seat > 0 ? t("dish.seat", { n: line.seat }) : "",
    line.combo,
    line.weight === "" ? "" : `${line.weight} ${line.weight_unit}`,
    others.length > 0 ? t("dish.with", { stations: others.map(stationName).join(", ") }) : "",
    line.status === "voided" ? t("dish.voided") : isPending(line) ? "" : t("dish.ready"),
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : <span class="where">{parts.join(" · ")}</span>;
}

/** The only part that is drawn every second. */
function Head({ ticket, name, digit }: { readonly ticket: Ticket; readonly name: string; readonly digit: number }) {
  void second.value;
  const created = Date.parse(ticket.created_at);
  const now = boxNow();
  const startsIn = startsInS(ticket, now);
  const isMade = ticket.status === "bumped";
  const course = device.menu.value.courses.find(({ id }) => id === ticket.course)?.name ?? "";
  return (
    <span class={`head ${isMade ? "made" : startsIn > 0 ? "early" : ageOf(created, now)}`}>
      <span class="name">{name}</span>
      <time class="timer">{startsIn > 0 ? t("ticket.startsin", { time: elapsed(0, startsIn * 1_000) }) : elapsed(created, now)}</time>
      <span class="about">
        {isMade && `${t("dish.ready")} · `}
        {t("ticket.number", { n: ticket.number })}
        {(station.value === "" || isPass.value) && ` · ${stationName(ticket.station)}`}
        {course !== "" && ` · ${course}`}
        {ticket.adds_to > 0 && ` · ${t("ticket.addsto", { n: ticket.adds_to })}`}
        {ticket.recalls > 0 && ` · ${t("ticket.recalled")}`}
      </span>
      {digit > 0 && <kbd>{digit}</kbd>}
    </span>
  );
}
