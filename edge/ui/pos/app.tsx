/** The frame of every POS screen: top bar, banners, the screen of the route, refusals. */

import { LanguageChoice } from "@comanda/ui/elements/language.tsx";
import { Banner, Refusals, StaleQuestion } from "@comanda/ui/elements/notices.tsx";
import { Trail } from "@comanda/ui/elements/trail.tsx";
import { WrongBox } from "@comanda/ui/elements/wrong-box.tsx";
import { WallClock } from "@comanda/ui/elements/wall-clock.tsx";
import { checkIdOf } from "@comanda/ui/device.ts";
import { CheckScreen } from "./check/screen.tsx";
import { Floor } from "./floor/floor.tsx";
import { checkName, checks, device, route, settling, words } from "./state.ts";

export function App() {
  return (
    <div class="app">
      <TopBar />
      <main class={settling.value ? "settling" : ""}>{route.value.screen === "floor" ? <Floor /> : <CheckScreen key={route.value.checkId} paying={route.value.screen === "pay"} />}</main>
      <Refusals queue={device.queue} words={words} />
      <WrongBox device={device} words={words} />
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
  const day = new Intl.DateTimeFormat(words.locale.value, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  return (
    <header class="topbar">
      <div class="lead">
        <span class="brand">Comanda</span>
        <span class="site">{device.siteName.value}</span>
        {date !== "" && <span class="day">{day.format(new Date(`${date}T00:00:00Z`))}</span>}
        <Banner device={device} words={words} />
      </div>
      <LanguageChoice words={words} />
      <Trail device={device} words={words} />
      <WallClock device={device} words={words} />
    </header>
  );
}
