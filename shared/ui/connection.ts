/**
 * The one WebSocket feed of a screen: cursor, resume after reconnecting, and an honest word on whether the box is there.
 *
 * A browser is not told when the network swallows packets, so silence is answered by asking `/healthz`. What frames mean is
 * not known here.
 */

import { signal } from "@preact/signals";
import { observeBoxTime } from "./clock.ts";
import { LIMITS, type ScreenFrame } from "./generated/wire.ts";

/** `connecting` only before the first frame ever; `live` while frames are known to arrive. */
export type BoxState = "connecting" | "live" | "lost";

/** Close codes after which the cursor means nothing to the box: a bad one, and a fork or one ahead of the head. */
const CURSOR_VOID = new Set([4400, 4409]);
/** Close code for a device that the box does not know, or that may not see the feed. */
const UNKNOWN_DEVICE = 4401;

export interface FeedPorts {
  /** What of the site this screen shows, in the words of the feed: `{ checks: "false" }` leaves checks out. */
  readonly wanted: Readonly<Record<string, string>>;
  /** The cursor to resume from; empty for a snapshot. */
  readonly cursor: () => string;
  /** Called for each frame, in order. */
  readonly onFrame: (frame: ScreenFrame) => void;
  /** Called when the box no longer knows the cursor. */
  readonly onCursorVoid: () => void;
}

export class FeedConnection {
  readonly state = signal<BoxState>("connecting");
  /** When the box was last heard, by this device's wall clock (ms); 0 for never. */
  readonly heardMs = signal(0);
  /** The box answers, but does not take this device. */
  readonly turnedAway = signal(false);
  readonly #ports: FeedPorts;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #lastHeard = 0;
  #retryTimer = 0;
  #probing = false;

  constructor(ports: FeedPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#open();
    window.setInterval(() => void this.#watch(), (LIMITS.UI_PROBE_INTERVAL_S * 1_000) / 2);
    window.addEventListener("online", () => this.#hurry());
    window.addEventListener("offline", () => void this.probe());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
  }

  /** Ask the box whether it is there, and believe the answer. */
  async probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const sent = Date.now();
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LIMITS.UI_PROBE_TIMEOUT_S * 1_000) });
      observeBoxTime(answer.headers.get("date"), sent);
      this.#heard();
    } catch {
      // Whatever the reason, the box was not heard: what was a connection is none.
      this.#drop();
    } finally {
      this.#probing = false;
    }
  }

  #open(): void {
    window.clearTimeout(this.#retryTimer);
    const cursor = this.#ports.cursor();
    const url = new URL("/v1/feed", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = new URLSearchParams({ view: "screens", ...this.#ports.wanted, ...(cursor === "" ? {} : { after: cursor }) }).toString();
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#lastHeard = performance.now();
    socket.addEventListener("message", (message: MessageEvent<string>) => {
      if (socket === this.#socket) this.#take(JSON.parse(message.data) as ScreenFrame);
    });
    socket.addEventListener("close", (event) => {
      if (socket !== this.#socket) return;
      if (CURSOR_VOID.has(event.code)) this.#ports.onCursorVoid();
      this.turnedAway.value = event.code === UNKNOWN_DEVICE;
      this.#lose();
    });
  }

  #take(frame: ScreenFrame): void {
    this.#attempt = 0;
    this.#heard();
    this.turnedAway.value = false;
    this.#ports.onFrame(frame);
    if (this.state.value !== "live") {
      this.state.value = "live";
      void this.probe();
    }
  }

  #heard(): void {
    this.#lastHeard = performance.now();
    this.heardMs.value = Date.now();
  }

  /** Silence is only believed to be peace when the box says so. */
  async #watch(): Promise<void> {
    const silentS = (performance.now() - this.#lastHeard) / 1_000;
    const live = this.state.value === "live";
    if (!live && silentS > LIMITS.UI_PROBE_TIMEOUT_S) this.#drop();
    else if (live && silentS >= LIMITS.UI_PROBE_INTERVAL_S / 2) await this.probe();
  }

  #hurry(): void {
    this.#attempt = 0;
    if (this.state.value === "live") void this.probe();
    else if (this.#socket === null) this.#open();
  }

  #drop(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#lose();
    socket.close();
  }

  /** The socket is gone, or as good as: say so, and try again after a growing, jittered while. */
  #lose(): void {
    this.#socket = null;
    if (this.state.value === "live") this.state.value = "lost";
    if (this.state.value === "connecting" && this.#attempt > 0) this.state.value = "lost";
    const longest = Math.min(LIMITS.UI_RECONNECT_MAX_S, LIMITS.UI_RECONNECT_MIN_S * 2 ** this.#attempt);
    this.#attempt += 1;
    window.clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => this.#open(), longest * 1_000 * (0.5 + Math.random() / 2));
  }
}
