/** A tablet for the tests: tabs over one store, and a box that answers by script. What should come of it stands in the tests. */

import { CommandQueue, type Outcome, type QueuePorts, type TabWord, type Wire } from "../commands.ts";
import type { Accepted, BoxState, HandIn, Problem } from "../generated/wire.ts";
import { memoryStore, type QueueStore } from "../queue-store.ts";
import type { Kept } from "../session-words.ts";
import type { Channel, Leadership } from "../tabs.ts";

export const BOX: BoxState = { epoch: 1, site_id: "s", claim: "claim-1", fenced_epoch: 0, is_recovering: false };

export function problem(code: string, status = 409): Problem {
  return { type: `urn:comanda:error:${code}`, title: code, status, detail: code, code, hint: "h" };
}

export function refused(code: string, status = 409): Outcome<readonly Accepted[]> {
  return { kind: "refused", problem: problem(code, status) };
}

export const SILENT: Outcome<readonly Accepted[]> = { kind: "silent" };

/** Answers by script, then accepts; every request it saw, in order. */
export class Box implements Wire {
  readonly seen: string[] = [];
  readonly handedIn: HandIn[] = [];
  script: Outcome<readonly Accepted[]>[] = [];
  sequence = 10;
  /** While set, nothing is answered. */
  mute = false;

  async send(kept: Kept): Promise<Outcome<readonly Accepted[]>> {
    this.seen.push(kept.id);
    if (this.mute) return new Promise(() => undefined);
    const scripted = this.script.shift();
    if (scripted !== undefined) return scripted;
    const answer = kept.commands.map(({ id }) => {
      this.sequence += 1;
      return { command_id: id, position: `1.${this.sequence}.aa`, at: "2026-03-02T11:00:00Z", business_date: "2026-03-02", events: [] };
    });
    return { kind: "accepted", answer };
  }

  async handIn(handIn: HandIn) {
    this.handedIn.push(handIn);
    const answer = handIn.commands.map(({ submit }) => ({ command_id: submit.id, outcome: "played" as const, code: "" }));
    return { kind: "accepted" as const, answer };
  }

  async showClaim() {
    return { kind: "accepted" as const, answer: { epoch: 1, site_id: "s", claim: "", fenced_epoch: 2, is_recovering: false } };
  }
}

/** Says what it is told to all other ends, at once. */
export class Air {
  readonly #ends: ((word: TabWord) => void)[] = [];

  end(): Channel<TabWord> {
    let own: ((word: TabWord) => void) | null = null;
    return {
      say: (word) => this.#ends.filter((end) => end !== own).forEach((end) => end(structuredClone(word))),
      listen: (heard) => {
        own = heard;
        this.#ends.push(heard);
      },
    };
  }
}

export function leads(isLeading = true): Leadership {
  return { start: (onChange) => isLeading && onChange(true), isCertain: () => isLeading };
}

export class Tab {
  nowMs = 0;
  readonly opened: string[] = [];
  readonly queue: CommandQueue;

  constructor(box: Box, over: Partial<QueuePorts> = {}) {
    this.queue = new CommandQueue({
      store: Promise.resolve(memoryStore()), wire: box, open: (cursor) => void this.opened.push(cursor), isMoot: () => false, moot: new Set(),
      leadership: leads(), channel: new Air().end(), nowMs: () => this.nowMs, ...over,
    });
    this.queue.start();
  }

  /** A snapshot of the box arrives. */
  hears(sequence = 10, box: BoxState = BOX, isSnapshot = true, cloud = 0): this {
    this.queue.frame({ position: `${box.epoch}.${sequence}.aa`, isSnapshot, box, cloud });
    return this;
  }

  /** Resolves once `is` holds; time goes on meanwhile, and node's own deadline ends a hopeless wait. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) {
      await new Promise((resolve) => setImmediate(resolve));
      this.nowMs += 50;
      this.queue.tick();
    }
  }

  async untilSent(): Promise<void> {
    await this.until(() => this.queue.waiting.value.length === 0);
  }
}

export type { QueueStore };
