/**
 * Several tabs of one device: they share what is kept, one of them sends, and all hear of it.
 *
 * Where the browser has locks (a secure context) the browser says who leads; on plain http, which is what a LAN has, a lease in the
 * shared store does. What is sent is not known here.
 */

import { LIMITS } from "./generated/wire.ts";
import type { QueueStore } from "./queue-store.ts";

/** Who of the tabs sends. `onChange` is told when this one begins, and when it no longer does. */
export interface Leadership {
  start(onChange: (isLeading: boolean) => void): void;
  /** Whether this tab can be certain that it is the one, now. */
  isCertain(): boolean;
}

/** The browser keeps the lock until the tab is gone, however it goes. */
export function lockLeadership(locks: LockManager, name: string): Leadership {
  let held = false;
  return {
    start(onChange) {
      void locks.request(name, () => {
        held = true;
        onChange(true);
        return new Promise<never>(() => undefined); // until the tab is gone
      });
    },
    isCertain: () => held,
  };
}

export interface LeasePorts {
  readonly nowMs: () => number;
  /** Call `beat` every so many milliseconds. */
  readonly every: (ms: number, beat: () => void) => void;
  /** Call `left` when the tab is closed or frozen, as far as the browser says so. */
  readonly onLeave: (left: () => void) => void;
}

const BROWSER: LeasePorts = {
  nowMs: () => Date.now(),
  every: (ms, beat) => void window.setInterval(beat, ms),
  onLeave: (left) => window.addEventListener("pagehide", left),
};

/** A lease that is renewed while the tab lives, and is over UI_LEASE_S after its last word: a tab that was killed says none. */
export function leaseLeadership(store: Promise<QueueStore>, tab: string, ports: LeasePorts = BROWSER): Leadership {
  let untilMs = 0;
  let leads = false;
  const isCertain = (): boolean => {
    if (ports.nowMs() >= untilMs) leads = false; // a frozen tab wakes: another may lead by now
    return leads;
  };
  return {
    start(onChange) {
      let asking = false;
      const beat = async (): Promise<void> => {
        if (asking) return;
        asking = true;
        const askedMs = ports.nowMs();
        // A store that fails decides nothing: this tab leads as long as its lease lasts.
        const granted = await store.then((open) => open.lease(tab, askedMs)).catch(() => isCertain());
        asking = false;
        if (granted) untilMs = askedMs + LIMITS.UI_LEASE_S * 1_000;
        if (granted !== leads) {
          leads = granted;
          onChange(granted);
        }
      };
      ports.every(LIMITS.UI_LEASE_RENEW_S * 1_000, () => void beat());
      ports.onLeave(() => {
        [leads, untilMs] = [false, 0];
        onChange(false);
        void store.then((open) => open.yieldLease(tab));
      });
      void beat();
    },
    isCertain,
  };
}

/** As the browser allows. */
export function leadershipOf(name: string, store: Promise<QueueStore>, tab: string): Leadership {
  const locks = navigator.locks as LockManager | undefined; // missing on plain http
  return locks === undefined ? leaseLeadership(store, tab) : lockLeadership(locks, name);
}

/** What tabs say to one another; each hears the others only. */
export interface Channel<Word> {
  say(word: Word): void;
  listen(heard: (word: Word) => void): void;
}

export function broadcastChannel<Word>(name: string): Channel<Word> {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  return {
    say: (word) => channel?.postMessage(word),
    listen: (heard) => channel?.addEventListener("message", ({ data }: MessageEvent<Word>) => heard(data)),
  };
}
