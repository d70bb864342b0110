/** The device session walks as its twin in Python does: every step of the walks written down by tests/unit/shared/protocol/device_vectors.py. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DeviceSession } from "../session.ts";
import type { Kept, Memory } from "../session-words.ts";

interface Walk {
  readonly kept: Kept[];
  readonly memory: Memory;
  readonly isLeading: boolean;
  readonly isMoot: boolean;
  readonly steps: readonly {
    readonly tell: string;
    readonly said: unknown[];
    readonly nowMs: number;
    readonly actions: readonly Record<string, unknown>[];
    readonly then: Readonly<Record<string, unknown>>;
  }[];
}

const WALKS = JSON.parse(readFileSync(new URL("device-vectors.json", import.meta.url), "utf8")) as Walk[];

/** `hand_in_silent` in Python is `handInSilent` here. */
function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** In Python what goes over the wire is an action by itself. */
function wrapped(action: Record<string, unknown>): Record<string, unknown> {
  if ("type" in action) return action;
  return "is_last" in action ? { type: "HandIn", handIn: action } : { type: "ShowClaim", claim: action };
}

function stateOf(session: DeviceSession): Record<string, unknown> {
  return {
    phase: session.phase, wrong: session.wrong, cursor: session.cursor, cloud: session.cloud, asked: session.asked,
    kept: session.kept.map(({ id }) => id), held: session.held.acknowledgedOrder(), unseen: [...session.unseen.keys()].sort(),
    memory: session.memory, isTurnedAway: session.isTurnedAway, canTrust: session.canTrust,
  };
}

for (const [seed, walk] of WALKS.entries()) {
  test(`walk ${seed} goes as in Python`, () => {
    const session = new DeviceSession({ ...walk, isMoot: () => walk.isMoot });
    let expected: Record<string, unknown> = {};
    for (const [index, step] of walk.steps.entries()) {
      const method = (session as unknown as Record<string, (...said: unknown[]) => unknown>)[camel(step.tell)];
      assert.ok(method, step.tell);
      const actions = method.apply(session, [...step.said, step.nowMs]) ?? [];
      assert.deepEqual(actions, step.actions.map(wrapped), `step ${index}: ${step.tell}`);
      expected = { ...expected, ...step.then };
      if (step.tell !== "reload") assert.deepEqual(stateOf(session), expected, `after step ${index}: ${step.tell}`);
    }
  });
}
