/** The frame of every POS screen: top bar, banners, the screen of the route, refusals. */

import { second } from "@comanda/ui/clock.ts";
import { LanguageChoice } from "@comanda/ui/elements/language.tsx";
import { Banners, Refusals, StaleQuestion } from "@comanda/ui/elements/notices.tsx";
import { Trail } from "@comanda/ui/elements/trail.tsx";
import { checkIdOf } from "@comanda/ui/device.ts";
import { CheckScreen } from "./check/screen.tsx";
import { Floor } from "./floor/floor.tsx";
import { checkName, checks, device, route, words } from "./state.ts";

export function App() {
  return (
    <div class="app">
      <TopBar />
      <Banners device={device} words={words} />
      <main>{route.value.screen === "floor" ? <Floor /> : <CheckScreen key={route.value.checkId} paying={route.value.screen === "pay"} />}</main>
      <Refusals queue={device.queue} words={words} />
      <StaleQuestion queue={device.queue} words={words} about={staleAbout()} />
    </div>
  );
}

function staleAbout(): string {
  const asked = device.queue.question.value;
  const check = asked === null ? undefined : checks.value.get(checkIdOf(asked) ?? "");
  return check === undefined ? "" : checkName(check);
}

function TopBar() {
  const date = device.live.site.value.business_date;
  const day = new Intl.DateTimeFormat(words.language.value, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  return (
    <header class="topbar">
      <span class="brand">Comanda</span>
      <span class="site">{device.siteName.value}</span>
      {date !== "" && <span class="day">{day.format(new Date(`${date}T00:00:00Z`))}</span>}
      <span class="space" />
      <LanguageChoice words={words} />
      <Trail device={device} words={words} />
      <Clock />
    </header>
  );
}

function Clock() {
  void second.value;
  return <time class="clock">{new Intl.DateTimeFormat(words.language.value, { hour: "2-digit", minute: "2-digit" }).format(Date.now())}</time>;
}
