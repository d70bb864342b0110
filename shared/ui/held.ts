/** What a device holds of what boxes have accepted, until the cloud has it; as shared/protocol/device_held.py. */

import { LIMITS, type Accepted, type Submit } from "./generated/wire.ts";
import { epochOf, sequenceOf } from "./ids.ts";
import { NOT_HELD, type Held } from "./session-words.ts";

export function idOf(held: Held): string {
  return held.command.submit.id;
}

/** What is held of an accepted request: each of its commands with its answer. */
export function heldOf(submits: readonly Submit[], answers: readonly Accepted[], nowMs: number): readonly Held[] {
  return answers.flatMap((answer, index) => {
    const submit = submits[index];
    if (submit === undefined || NOT_HELD.has(submit.command.type)) return [];
    const { position, at, business_date } = answer;
    return [{ command: { submit, position, at, business_date }, needed: sequenceOf(position), acceptedMs: nowMs }];
  });
}

/** In the order in which they were accepted. */
export class HeldCommands {
  readonly #byId: Map<string, Held>;

  constructor(held: readonly Held[] = []) {
    this.#byId = new Map(held.map((each) => [idOf(each), each]));
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Held | undefined {
    return this.#byId.get(id);
  }

  put(held: readonly Held[]): void {
    for (const each of held) this.#byId.set(idOf(each), each);
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) this.#byId.delete(id);
  }

  /** Ids of those whose place lies above a sequence, in the order in which boxes acknowledged them. */
  acknowledgedOrder(above = -1, also: ReadonlySet<string> = new Set()): readonly string[] {
    const place = ({ command: { position } }: Held) => [epochOf(position), sequenceOf(position)] as const;
    return [...this.#byId.values()]
      .filter((each) => each.needed > above || also.has(idOf(each)))
      .sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
      .map(idOf);
  }

  /** The box has these at `needed` or below; those of them that are held, as they stand now. */
  place(ids: readonly string[], needed: number): readonly Held[] {
    const moved = ids.flatMap((id) => {
      const held = this.#byId.get(id);
      return held === undefined ? [] : [{ ...held, needed }];
    });
    this.put(moved);
    return moved;
  }

  /** (those that the cloud has had long enough, those given up although it has them not), the oldest first. */
  toRelease(cloud: number, nowMs: number): readonly [done: readonly string[], givenUp: readonly string[]] {
    const done: string[] = [];
    const expired: string[] = [];
    for (const [id, held] of this.#byId) {
      const ageS = (nowMs - held.acceptedMs) / 1_000;
      if (held.needed <= cloud && ageS > LIMITS.UI_HELD_IN_CLOUD_S) done.push(id);
      else if (ageS > LIMITS.UI_HELD_MAX_S) expired.push(id);
      else break;
    }
    return [done, expired];
  }

  /** As `toRelease`, of what is more than UI_HELD_MAX. */
  toMakeRoom(cloud: number): readonly [done: readonly string[], givenUp: readonly string[]] {
    const excess = this.#byId.size - LIMITS.UI_HELD_MAX;
    if (excess <= 0) return [[], []];
    const clouded = [...this.#byId].filter(([, held]) => held.needed <= cloud).map(([id]) => id).slice(0, excess);
    const gone = new Set(clouded);
    return [clouded, [...this.#byId.keys()].filter((id) => !gone.has(id)).slice(0, excess - clouded.length)];
  }
}
