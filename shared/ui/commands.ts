/**
 * What a device says to the box: ids made here, kept in order until answered, sent again with the same id.
 *
 * A refusal is shown and dropped; silence is asked again; a kitchen command that has grown stale asks a person. What
 * commands mean is not known here.
 */

import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { LIMITS, type Accepted, type BatchAccepted, type Command, type Problem, type Submit } from "./generated/wire.ts";
import { deviceId, sequenceOf, uuid7 } from "./ids.ts";
import type { Kept, QueueStore } from "./queue-store.ts";

/** A request the box has accepted, while the feed has yet to bring its effect. */
export interface Settling extends Kept {
  readonly sequence: number;
}

export interface Refusal {
  readonly kept: Kept;
  readonly problem: Problem;
}

/** What became of one attempt. `later` is anything that does not say whether the box has it. */
export type Outcome =
  | { readonly kind: "accepted"; readonly sequence: number }
  | { readonly kind: "refused"; readonly problem: Problem }
  | { readonly kind: "later"; readonly problem: Problem | null };

export interface QueuePorts {
  readonly store: Promise<QueueStore>;
  /** One attempt; never throws. */
  readonly send: (kept: Kept) => Promise<Outcome>;
  /** Whether a request would still reach the kitchen; `unknown` while the box's state is not at hand. */
  readonly kitchen: (kept: Kept) => "fires" | "moot" | "unknown";
  /** Codes of refusals that need nobody's attention: what was wanted is so already. */
  readonly moot: ReadonlySet<string>;
  /** Milliseconds by the device's clock. */
  readonly nowMs: () => number;
  /** Resolves after so many milliseconds, or sooner when `hurry` is called. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Answers that say nothing on the command itself: keep it and try the same id again. 401 asks who the device is. */
const UNDECIDED = new Set([401, 408, 425, 429]);

export class CommandQueue {
  /** Not answered yet, in order. */
  readonly waiting = signal<readonly Kept[]>([]);
  readonly settling = signal<readonly Settling[]>([]);
  readonly refusals = signal<readonly Refusal[]>([]);
  /** A stale request that waits for a person. */
  readonly question = signal<Kept | null>(null);
  /** What the box says when it cannot take anything now. */
  readonly trouble = signal<Problem | null>(null);
  readonly durable = signal(true);
  readonly full = computed(() => this.waiting.value.length >= LIMITS.UI_QUEUE_MAX);
  /** Everything that screens show as on its way, oldest first. */
  readonly underway: ReadonlySignal<readonly Kept[]> = computed(() => [...this.settling.value, ...this.waiting.value]);
  readonly #ports: QueuePorts;
  readonly #kept = new Map<string, Promise<void>>();
  readonly #confirmed = new Set<string>();
  readonly #loaded: Promise<QueueStore>;
  #pumping = false;
  #attempt = 0;

  constructor(ports: QueuePorts) {
    this.#ports = ports;
    this.#loaded = this.#load();
  }

  async #load(): Promise<QueueStore> {
    const store = await this.#ports.store;
    this.durable.value = store.durable;
    this.waiting.value = [...(await store.all()), ...this.waiting.value];
    void this.pump();
    return store;
  }

  /** Keep `commands` as one request and send it when its turn comes; returns its id, or null when the queue is full. */
  submit(...commands: readonly Command[]): string | null {
    if (this.full.value) return null;
    const submits: Submit[] = commands.map((command) => ({ id: uuid7(), command }));
    const [first] = submits;
    if (first === undefined) return null;
    const kept: Kept = { id: first.id, commands: submits, keptMs: this.#ports.nowMs() };
    this.waiting.value = [...this.waiting.value, kept];
    this.#kept.set(kept.id, this.#keep(kept));
    void this.pump();
    return kept.id;
  }

  async #keep(kept: Kept): Promise<void> {
    try {
      await (await this.#loaded).add(kept);
    } catch (error) {
      // The device's disk is full or gone: the request still goes to the box, and the screen says what is at stake.
      console.warn("a command could not be kept", error);
      this.durable.value = false;
    }
  }

  /** Send what waits, one after the other. Returns when nothing is left or a person is asked. */
  async pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      const store = await this.#loaded;
      for (let head = this.waiting.value[0]; head !== undefined && this.question.value === null; head = this.waiting.value[0]) {
        await this.#kept.get(head.id);
        const kitchen = this.#isStale(head) ? this.#ports.kitchen(head) : "moot";
        if (kitchen === "fires") this.question.value = head;
        else if (kitchen === "unknown") await this.#ports.pause(LIMITS.UI_RECONNECT_MIN_S * 1_000);
        else await this.#attemptOne(store, head);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #isStale(head: Kept): boolean {
    return this.#ports.nowMs() - head.keptMs > LIMITS.UI_KITCHEN_STALE_S * 1_000 && !this.#confirmed.has(head.id);
  }

  async #attemptOne(store: QueueStore, head: Kept): Promise<void> {
    const outcome = await this.#ports.send(head);
    if (outcome.kind === "later") {
      this.trouble.value = outcome.problem;
      const longest = Math.min(LIMITS.UI_RECONNECT_MAX_S, LIMITS.UI_RECONNECT_MIN_S * 2 ** this.#attempt);
      this.#attempt += 1;
      return this.#ports.pause(longest * 1_000);
    }
    this.#attempt = 0;
    await this.#forget(store, head.id);
    batch(() => {
      this.trouble.value = null;
      this.waiting.value = this.waiting.value.filter((kept) => kept.id !== head.id);
      if (outcome.kind === "accepted") this.settling.value = [...this.settling.value, { ...head, sequence: outcome.sequence }];
      else if (!this.#ports.moot.has(outcome.problem.code)) this.refusals.value = [...this.refusals.value, { kept: head, problem: outcome.problem }];
    });
  }

  async #forget(store: QueueStore, id: string): Promise<void> {
    this.#kept.delete(id);
    this.#confirmed.delete(id);
    try {
      await store.remove(id);
    } catch (error) {
      // It stays in the store and is sent once more after a restart; the box answers the same id with the same answer.
      console.warn("an answered command could not be removed", error);
    }
  }

  /** The feed has come to `sequence`: what was accepted up to there is now the box's to show. */
  observe(sequence: number): void {
    if (this.settling.value.some((kept) => kept.sequence <= sequence)) {
      this.settling.value = this.settling.value.filter((kept) => kept.sequence > sequence);
    }
  }

  /** A person's answer to `question`. */
  async decide(send: boolean): Promise<void> {
    const asked = this.question.value;
    if (asked === null) return;
    if (send) this.#confirmed.add(asked.id);
    else {
      await this.#forget(await this.#loaded, asked.id);
      this.waiting.value = this.waiting.value.filter((kept) => kept.id !== asked.id);
    }
    this.question.value = null;
    void this.pump();
  }

  dismiss(refusal: Refusal): void {
    this.refusals.value = this.refusals.value.filter((other) => other !== refusal);
  }
}

/** One attempt over HTTP. Only an answer that the box has thought about decides. */
export async function sendToBox(kept: Kept): Promise<Outcome> {
  const single = kept.commands.length === 1;
  try {
    const answer = await fetch(single ? "/v1/commands" : "/v1/batches", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Comanda-Device": deviceId() },
      body: JSON.stringify(single ? kept.commands[0] : { commands: kept.commands }),
      signal: AbortSignal.timeout(LIMITS.UI_COMMAND_TIMEOUT_S * 1_000),
    });
    if (answer.ok) {
      const body = (await answer.json()) as Accepted | BatchAccepted;
      const answers = "answers" in body ? body.answers : [body];
      return { kind: "accepted", sequence: Math.max(...answers.map(({ position }) => sequenceOf(position))) };
    }
    const told = answer.headers.get("content-type")?.startsWith("application/problem+json") === true;
    const problem = told ? ((await answer.json()) as Problem) : null;
    if (problem !== null && answer.status < 500 && !UNDECIDED.has(answer.status)) return { kind: "refused", problem };
    return { kind: "later", problem };
  } catch {
    // No answer, or half of one: the box may have it or not. The same id asks again.
    return { kind: "later", problem: null };
  }
}

/** A pause that can be cut short, for the queue to hurry when the box is back. */
export function interruptiblePause(): { readonly pause: (ms: number) => Promise<void>; readonly hurry: () => void } {
  let wake: () => void = () => undefined;
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    hurry: () => wake(),
  };
}
