/**
 * The one WebSocket feed of a screen, and an honest word on whether the box is there.
 *
 * A browser is not told when the network swallows packets, so silence is answered by asking `/healthz`. When the feed is asked for, and
 * from where, is decided in session.ts; what frames mean is not known here.
 */

import { signal } from "@preact/signals";
import { observeBoxTime } from "./clock.ts";
import { LIMITS, type ScreenFrame } from "./generated/wire.ts";

/** `connecting` only before the first frame ever; `live` while frames are known to arrive. */
export type BoxState = "connecting" | "live" | "lost";

export interface FeedPorts {
  /** What of the site this screen shows, in the words of the feed: `{ checks: "false" }` leaves checks out. */
  readonly wanted: Readonly<Record<string, string>>;
  /** Called for each frame, in order. */
  readonly onFrame: (frame: ScreenFrame) => void;
  /** Called when the feed is gone, with its close code; 0 where nobody said one. */
  readonly onClosed: (code: number) => void;
  /** Called when it is worth trying again at once. */
  readonly onHurry: () => void;
}

export class FeedConnection {
  readonly state = signal<BoxState>("connecting");
  /** When the box was last heard, by this device's wall clock (ms); 0 for never. */
  readonly heardMs = signal(0);
  readonly #ports: FeedPorts;
  #socket: WebSocket | null = null;
  #failed = false;
  #lastHeard = 0;
  #openTimer = 0;
  #probing = false;

  constructor(ports: FeedPorts) {
    this.#ports = ports;
  }

  start(): void {
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

  /** Follow the feed from `cursor`, empty for a snapshot; a little later each, so that not all screens of a house come at once. */
  open(cursor: string): void {
    window.clearTimeout(this.#openTimer);
    const before = this.#socket;
    this.#socket = null;
    before?.close();
    if (!this.#failed) this.#connect(cursor);
    else this.#openTimer = window.setTimeout(() => this.#connect(cursor), Math.random() * LIMITS.UI_RECONNECT_MIN_S * 1_000);
  }

  #connect(cursor: string): void {
    const url = new URL("/v1/feed", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = new URLSearchParams({ view: "screens", ...this.#ports.wanted, ...(cursor === "" ? {} : { after: cursor }) }).toString();
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#lastHeard = performance.now();
    socket.addEventListener("message", (message: MessageEvent<string>) => {
      if (socket === this.#socket) this.#take(JSON.parse(message.data) as ScreenFrame);
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.#socket) this.#lose(code);
    });
  }

  #take(frame: ScreenFrame): void {
    this.#heard();
    this.#failed = false;
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
    if (this.state.value === "live") void this.probe();
    this.#ports.onHurry();
  }

  #drop(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#lose(0);
    socket.close();
  }

  /** The socket is gone, or as good as: say so. */
  #lose(code: number): void {
    this.#socket = null;
    if (this.state.value === "live" || this.#failed) this.state.value = "lost";
    this.#failed = true;
    this.#ports.onClosed(code);
  }
}
