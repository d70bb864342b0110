/**
 * One device of the site, wired: feed, live site, command queue, menu. Each app makes one at its start.
 *
 * Screens and their state are not known here.
 */

import { batch, computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { boxNow, second } from "./clock.ts";
import { LiveSite } from "./collection.ts";
import { CommandQueue, type TabWord } from "./commands.ts";
import { FeedConnection } from "./connection.ts";
import { LIMITS, type Command, type ErrorCode, type Menu } from "./generated/wire.ts";
import { uuid7 } from "./ids.ts";
import { openStore } from "./queue-store.ts";
import { FOR_THE_KITCHEN, newsOf, type Kept } from "./session-words.ts";
import { broadcastChannel, leadershipOf } from "./tabs.ts";
import { boxWire } from "./wire.ts";

/** `away` is the link's own word (its phase), or its silence while something waits for it; `unknown` while the box itself is out of reach. */
export type CloudReach = "connected" | "away" | "never" | "unknown";

/** Two screens may do the same thing at once; the second is told so by what it sees. */
const ALREADY_SO = new Set<ErrorCode>([
  "ticket.already_bumped", "ticket.already_served", "ticket.already_shown", "ticket.changes_seen", "line.already_voided",
]);

const NO_MENU: Menu = {
  name: "", currency: "XXX", items: [], modifier_groups: [], taxes: [], tables: [], languages: [], categories: [], courses: [], stations: [],
  default_station: "kitchen", floors: [], dining_options: [], price_levels: [], dayparts: [],
  rules: { discounts: [], promotions: [], service_charges: [], tenders: [], reasons: [], cash_step_minor: 1, split_documents: false },
};

export class Device {
  readonly live = new LiveSite();
  readonly feed: FeedConnection;
  readonly queue: CommandQueue;
  readonly menu = signal<Menu>(NO_MENU);
  readonly menuLoaded = signal(false);
  readonly siteName = signal("");
  readonly cloudReach: ReadonlySignal<CloudReach> = computed(() => this.#reach());
  /** When the oldest entry that the cloud does not have was written, by the clock of the box (ms); null when there is none. */
  readonly oldestPendingMs = signal<number | null>(null);
  /** How far the cloud is behind, once that is worth a word (s); else null. */
  readonly behindS: ReadonlySignal<number | null> = computed(() => this.#behindS());
  #menuVersion = "";

  /** `name` is the app's own, for its store; several boxes on one machine differ by origin. `wanted` is what it shows of the site. */
  constructor(name: string, wanted: Readonly<Record<string, string>> = {}) {
    const app = `comanda-${name}`;
    const store = openStore(app);
    this.queue = new CommandQueue({
      store,
      wire: boxWire,
      open: (cursor) => this.feed.open(cursor),
      isMoot: (kept) => !kept.commands.some(({ command }) => this.#firesKitchen(command)),
      moot: ALREADY_SO,
      leadership: leadershipOf(app, store, uuid7()),
      channel: broadcastChannel<TabWord>(app),
      nowMs: () => Date.now(),
    });
    this.feed = new FeedConnection({
      wanted,
      onFrame: (frame) =>
        batch(() => {
          this.live.apply(frame);
          this.queue.frame(newsOf(frame));
        }),
      onClosed: (code) => this.queue.closed(code),
      onHurry: () => this.queue.hurry(),
    });
    effect(() => {
      if (this.feed.state.value === "live") void this.#askStatus();
    });
    effect(() => {
      const wanted = this.live.site.value.menu_version;
      if (this.feed.state.value === "live" && (wanted !== this.#menuVersion || !this.menuLoaded.value)) void this.#loadMenu();
    });
  }

  start(): void {
    this.feed.start();
    this.queue.start();
    window.setInterval(() => this.queue.tick(), LIMITS.UI_RECONNECT_MIN_S * 1_000);
    window.setInterval(() => {
      const isPending = this.live.behindCloud.peek() > 0 || this.oldestPendingMs.peek() !== null;
      if (this.feed.state.peek() === "live" && isPending) void this.#askStatus();
    }, LIMITS.UI_LAG_REFRESH_S * 1_000);
  }

  /** Keep and send; false when the tablet is full. */
  submit(...commands: readonly Command[]): boolean {
    return this.queue.submit(...commands) !== null;
  }

  #reach(): CloudReach {
    if (this.feed.state.value !== "live") return "unknown";
    const { link, reported_at } = this.live.cloud.value;
    if (reported_at === null) return "never";
    void second.value;
    const quietS = (performance.now() - this.live.cloudHeardMs.value) / 1_000;
    if (link === "greeting") return quietS < LIMITS.UI_LINK_GRACE_S ? "connected" : "away";
    const silent = this.live.behindCloud.value > 0 && quietS > LIMITS.UI_LINK_SILENT_S;
    return link === "sending" && !silent ? "connected" : "away";
  }

  /** Whether a command for the kitchen would still change something there, as far as the feed shows. */
  #firesKitchen(command: Command): boolean {
    if (command.type === "BumpTicket" || command.type === "ServeTicket") return this.live.tickets.value.has(command.ticket_id);
    if (command.type !== "SendCheck" && command.type !== "FireCourse" && command.type !== "FireLines") return FOR_THE_KITCHEN.has(command.type);
    const held = this.live.checks.value.get(command.check_id)?.lines.filter((line) => line.status === "held");
    if (held === undefined || command.type === "SendCheck") return held === undefined || held.length > 0;
    return held.some((line) => (command.type === "FireCourse" ? line.course === command.course : command.line_ids.includes(line.line_id)));
  }

  async #loadMenu(): Promise<void> {
    try {
      const answer = await fetch("/v1/menu", { signal: AbortSignal.timeout(LIMITS.UI_COMMAND_TIMEOUT_S * 1_000) });
      if (!answer.ok) throw new Error(`GET /v1/menu answered ${answer.status}`);
      const { version, menu } = (await answer.json()) as { readonly version: string; readonly menu: Menu | null };
      this.#menuVersion = version;
      this.menu.value = menu ?? NO_MENU;
      this.menuLoaded.value = true;
    } catch (error) {
      console.warn("the menu could not be loaded", error);
      setTimeout(() => this.feed.state.value === "live" && void this.#loadMenu(), LIMITS.UI_RECONNECT_MAX_S * 1_000);
    }
  }

  #behindS(): number | null {
    void second.value;
    const oldest = this.oldestPendingMs.value;
    if (oldest === null || this.live.behindCloud.value === 0 || this.cloudReach.value === "unknown") return null;
    const ageS = (boxNow() - oldest) / 1_000;
    return ageS >= LIMITS.UI_LAG_SHOWN_S ? ageS : null;
  }

  async #askStatus(): Promise<void> {
    try {
      const answer = await fetch("/v1/status", { signal: AbortSignal.timeout(LIMITS.UI_COMMAND_TIMEOUT_S * 1_000) });
      if (!answer.ok) return;
      const status = (await answer.json()) as { readonly site_name: string; readonly oldest_pending_at?: string | null };
      this.siteName.value = status.site_name;
      this.oldestPendingMs.value = status.oldest_pending_at ? Date.parse(status.oldest_pending_at) : null;
    } catch (error) {
      console.warn("the status of the box could not be read", error); // asked again with the next connection, or while something waits
    }
  }
}

/** Whether a table's id needs the word "table" before it: `12` and `B4` do, `Terrace 2` speaks for itself. */
export function isBareTable(tableId: string): boolean {
  return tableId.length <= 3;
}

/** What a request is about, for showing what waits. */
export function checkIdOf(kept: Kept): string | null {
  const command = kept.commands[0]?.command;
  return command !== undefined && "check_id" in command ? command.check_id : null;
}

/** How many checks (or, where there is none, other things) requests are about: what a person would count. */
export function ordersIn(waiting: readonly Kept[]): number {
  return new Set(waiting.map((kept) => checkIdOf(kept) ?? kept.id)).size;
}
