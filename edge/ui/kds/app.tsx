/** The kitchen screen: stations, tickets in columns, all-day counts, and a connection that nobody can overlook. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { LanguageChoice } from "@comanda/ui/elements/language.tsx";
import { Refusals, StaleQuestion } from "@comanda/ui/elements/notices.tsx";
import { Trail } from "@comanda/ui/elements/trail.tsx";
import { siteTime, WallClock } from "@comanda/ui/elements/wall-clock.tsx";
import type { Ticket } from "@comanda/ui/generated/wire.ts";
import { allDay, TapGuard } from "./board.ts";
import { glide, places } from "./glide.ts";
import { sound, toggleSound, touched } from "./sound.ts";
import {
  arrived, bump, bumpsKept, chooseStation, countOf, device, isPass, recallLast, station, stationName, stations, t, ticketName, tickets, words,
} from "./state.ts";
import { TicketCard } from "./ticket.tsx";

export function App() {
  const lost = device.feed.state.value !== "live" && device.feed.state.value !== "connecting";
  const isWrong = device.queue.wrong.value !== "";
  const isRecovering = device.queue.box.value?.is_recovering === true;
  return (
    <div class={lost || isWrong ? "app lost" : "app"} onPointerDownCapture={touched}>
      <TopBar />
      <Board />
      <AllDay />
      {lost || !(isWrong || isRecovering) ? (lost || device.queue.trouble.value !== null) && <Lost lost={lost} /> : <NotThisBox />}
      <Announcer />
      <Refusals queue={device.queue} words={words} />
      <StaleQuestion queue={device.queue} words={words} about={staleAbout()} />
    </div>
  );
}

function staleAbout(): string {
  const command = device.queue.question.value?.commands[0]?.command;
  const ticket = command?.type === "BumpTicket" ? device.live.tickets.value.get(command.ticket_id) : undefined;
  return ticket === undefined ? "" : `${ticketName(ticket)} · ${t("ticket.number", { n: ticket.number })}`;
}

function TopBar() {
  return (
    <header class="topbar">
      <nav class="stations" aria-label={t("station.title")}>
        {["", ...stations.value].map((name) => {
          return (
            <button key={name} type="button" aria-pressed={station.value === name} onClick={() => chooseStation(name)}>
              {name === "" ? t("station.all") : stationName(name)}
              <b>{countOf(name)}</b>
            </button>
          );
        })}
      </nav>
      {station.value !== "" && !isPass.value && (
        <button class="button recall" type="button" onClick={recallLast}>
          <Icon name="back" size={20} /> {t("ticket.recall")}
        </button>
      )}
      <button class="button icon sound" type="button" aria-label={t(`sound.${sound.value}`)} title={t(`sound.${sound.value}`)} onClick={toggleSound}>
        <Icon name={sound.value === "on" ? "sound" : "mute"} />
      </button>
      <LanguageChoice words={words} />
      <Trail device={device} words={words} />
      <WallClock device={device} words={words} />
    </header>
  );
}

/** Over the foot of the screen, so that no ticket moves under a thumb. */
function Lost({ lost }: { readonly lost: boolean }) {
  const kept = bumpsKept.value;
  const heard = device.feed.heardMs.value;
  const trouble = device.queue.trouble.value;
  const away = device.queue.isTurnedAway.value;
  return (
    <p class="lost-band" role="alert">
      <Icon name="warning" size={40} />
      <span>
        <strong>{away ? t("banner.unknown") : lost || trouble === null ? t("lost.title") : trouble.title}</strong>
        {away ? t("banner.unknown.detail") : lost || trouble === null ? t("lost.detail") : trouble.hint} {kept > 0 && t("lost.kept", { n: kept })}
      </span>
      {heard > 0 && <span class="end">{t("banner.heard", { time: siteTime(device, words.locale.value, heard) })}</span>}
    </p>
  );
}

/** The box answers, and is not the one to cook for; or not yet. */
function NotThisBox() {
  const wrong = device.queue.wrong.value;
  const kept = bumpsKept.value;
  return (
    <p class={wrong === "" ? "lost-band soon" : "lost-band"} role="alert">
      <Icon name={wrong === "" ? "clock" : "warning"} size={40} />
      <span>
        <strong>{wrong === "" ? t("recovering.title") : `${t(`wrong.${wrong}`)} ${t(`wrong.${wrong}.detail`)}`}</strong>
        {wrong === "" ? t("recovering.kitchen") : t("lost.detail")} {kept > 0 && t("lost.kept", { n: kept })}
      </span>
    </p>
  );
}

/** Tickets beyond these have no digit. */
const DIGITS = 9;

function Board() {
  const board = useRef<HTMLElement>(null);
  const before = useRef<ReadonlyMap<string, DOMRect>>(new Map());
  const guard = useRef(new TapGuard());
  const shown = tickets.value;
  useLayoutEffect(() => {
    if (board.current === null) return;
    glide(board.current, before.current);
    before.current = places(board.current);
  }, [shown]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const chosen = /^[1-9]$/.test(event.key) && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey ? tickets.peek()[Number(event.key) - 1] : undefined;
      if (chosen !== undefined && document.querySelector("dialog[open]") === null) bump(chosen);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const onBump = (ticket: Ticket, event: MouseEvent, element: HTMLElement) => {
    // A click made by a key has no place; `detail` counts the taps of a pointer.
    const tap = event.detail === 0 ? null : { x: event.clientX, y: event.clientY, atMs: performance.now() };
    if (!guard.current.accepts(tap, element.getBoundingClientRect())) return;
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    if (tap === null && neighbour instanceof HTMLElement) neighbour.focus();
    bump(ticket);
  };
  if (shown.length === 0) {
    return (
      <main class="board none" ref={board}>
        {device.live.position.value !== "" && (
          <div class="done">
            <Icon name="check" size={96} />
            <strong>{t("board.empty")}</strong>
            <p>{t("board.empty.hint")}</p>
          </div>
        )}
      </main>
    );
  }
  return (
    <main class="board" ref={board}>
      {shown.map((ticket, index) => (
        <TicketCard key={ticket.ticket_id} ticket={ticket} digit={index < DIGITS ? index + 1 : 0} onBump={(event, element) => onBump(ticket, event, element)} />
      ))}
    </main>
  );
}

function AllDay() {
  const counts = allDay(tickets.value);
  return (
    <footer class="all-day" aria-label={t("allday.title")}>
      <span class="title">{t("allday.title")}</span>
      <ul>
        {counts.map(([name, quantity]) => (
          <li key={name}>
            <b>{quantity}</b> {name}
          </li>
        ))}
      </ul>
      {device.live.alarms.value.includes("kitchen.unshown") && (
        <strong class="alarm" role="alert">
          <Icon name="warning" size={20} /> {t("alarm.kitchen.unshown")}
        </strong>
      )}
    </footer>
  );
}

/** New tickets in words, for screen readers. */
function Announcer() {
  const element = useRef<HTMLParagraphElement>(null);
  useSignalEffect(() => {
    if (arrived.value > 0 && element.current !== null) element.current.textContent = t("new.announce", { n: arrived.value });
  });
  return <p ref={element} class="visually-hidden" aria-live="polite" />;
}
