/** The queue of a tablet, told as incidents: silence, refusals, restarts, stale kitchen commands. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandQueue, type Outcome, type QueuePorts } from "../commands.ts";
import type { Command, Problem } from "../generated/wire.ts";
import { memoryStore, type Kept, type QueueStore } from "../queue-store.ts";

const SEND: Command = { type: "SendCheck", check_id: "c" };
const PAY: Command = { type: "PayCash", check_id: "c", tendered_minor: 100 };
const STALE_MS = 15 * 60_000 + 1;

function problem(code: string): Problem {
  return { type: `urn:comanda:error:${code}`, title: code, status: 409, detail: code, code, hint: "h" };
}

/** A box that answers by script; every request it saw, in order. */
class Box {
  readonly seen: string[] = [];
  script: Outcome[] = [];

  readonly send = async (kept: Kept): Promise<Outcome> => {
    this.seen.push(kept.id);
    return this.script.shift() ?? { kind: "accepted", sequence: this.seen.length };
  };
}

function queueOf(box: Box, over: Partial<QueuePorts> = {}): CommandQueue {
  return new CommandQueue({
    store: Promise.resolve(memoryStore()),
    send: box.send,
    kitchen: () => "fires",
    moot: new Set(),
    nowMs: () => 0,
    pause: async () => undefined,
    ...over,
  });
}

/** Resolves once `is` holds, looking after each turn of the event loop; node's own deadline ends a hopeless wait. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}

test("silence is asked again with the same id, and nothing overtakes it", async () => {
  const box = new Box();
  box.script = [{ kind: "later", problem: null }, { kind: "later", problem: null }];
  const queue = queueOf(box);
  const first = queue.submit(SEND);
  const second = queue.submit(PAY);
  await until(() => queue.waiting.value.length === 0);
  assert.deepEqual(box.seen, [first, first, first, second]);
  assert.equal(queue.settling.value.length, 2);
  queue.observe(4);
  assert.equal(queue.underway.value.length, 0);
});

test("a refusal is shown with its hint, dropped, and the next command goes on", async () => {
  const box = new Box();
  box.script = [{ kind: "refused", problem: problem("check.closed") }];
  const queue = queueOf(box);
  queue.submit(SEND);
  queue.submit(PAY);
  await until(() => queue.waiting.value.length === 0);
  assert.deepEqual(queue.refusals.value.map((refusal) => refusal.problem.code), ["check.closed"]);
  assert.equal(queue.settling.value.length, 1);
  const [refusal] = queue.refusals.value;
  assert.ok(refusal);
  queue.dismiss(refusal);
  assert.equal(queue.refusals.value.length, 0);
});

test("two screens bump one ticket and the second is not bothered", async () => {
  const box = new Box();
  box.script = [{ kind: "refused", problem: problem("ticket.already_bumped") }];
  const queue = queueOf(box, { moot: new Set(["ticket.already_bumped"]) });
  queue.submit(SEND);
  await until(() => queue.waiting.value.length === 0);
  assert.equal(queue.refusals.value.length, 0);
});

test("a box that cannot take anything is named until it can", async () => {
  const box = new Box();
  box.script = [{ kind: "later", problem: problem("storage.full") }];
  const troubles: (string | undefined)[] = [];
  const queue = queueOf(box, { pause: async () => void troubles.push(queue.trouble.value?.code) });
  queue.submit(SEND);
  await until(() => queue.waiting.value.length === 0);
  assert.deepEqual(troubles, ["storage.full"]);
  assert.equal(queue.trouble.value, null);
});

test("the tablet restarts with commands in it and sends them first, in order", async () => {
  const store = memoryStore();
  const old: Kept[] = ["a", "b"].map((id) => ({ id, commands: [{ id, command: PAY }], keptMs: 0 }));
  for (const kept of old) await store.add(kept);
  const box = new Box();
  const queue = queueOf(box, { store: Promise.resolve(store) });
  const third = queue.submit(PAY);
  await until(() => queue.waiting.value.length === 0);
  assert.deepEqual(box.seen, ["a", "b", third]);
  assert.deepEqual(await store.all(), []);
});

test("nothing is sent before it is kept", async () => {
  const order: string[] = [];
  const inner = memoryStore();
  const store: QueueStore = { ...inner, add: async (kept) => (await inner.add(kept), void order.push("kept")) };
  const box = new Box();
  const queue = queueOf(box, { store: Promise.resolve(store), send: async (kept) => (order.push("sent"), box.send(kept)) });
  queue.submit(PAY);
  await until(() => queue.waiting.value.length === 0);
  assert.deepEqual(order, ["kept", "sent"]);
});

test("a device that cannot store says so and sends all the same", async () => {
  const store: QueueStore = { ...memoryStore(), durable: true, add: () => Promise.reject(new Error("disk full")) };
  const box = new Box();
  const queue = queueOf(box, { store: Promise.resolve(store) });
  queue.submit(PAY);
  await until(() => queue.waiting.value.length === 0);
  assert.equal(box.seen.length, 1);
  assert.equal(queue.durable.value, false);
});

test("a kitchen command that has grown stale asks a person, and is sent or dropped as told", async () => {
  for (const [send, seen] of [[true, 2], [false, 1]] as const) {
    const store = memoryStore();
    await store.add({ id: "old", commands: [{ id: "old", command: SEND }], keptMs: -STALE_MS });
    const box = new Box();
    const queue = queueOf(box, { store: Promise.resolve(store) });
    queue.submit(PAY);
    await until(() => queue.question.value !== null);
    assert.deepEqual(box.seen, []);
    await queue.decide(send);
    await until(() => queue.waiting.value.length === 0);
    assert.equal(box.seen.length, seen);
    assert.deepEqual(await store.all(), []);
  }
});

test("a stale command that the box has carried out already asks nobody", async () => {
  const box = new Box();
  let asked = 0;
  let now = 0;
  const queue = queueOf(box, { nowMs: () => now, kitchen: () => (asked++ < 2 ? "unknown" : "moot"), pause: async () => undefined });
  box.script = [{ kind: "later", problem: null }];
  queue.submit(SEND);
  now = STALE_MS;
  await until(() => queue.waiting.value.length === 0);
  assert.equal(queue.question.value, null);
  assert.equal(box.seen.length, 2);
});

test("a full queue takes no more and says so", async () => {
  const queue = queueOf(new Box(), { send: () => new Promise(() => undefined) });
  let taken = 0;
  while (queue.submit(PAY) !== null) taken += 1;
  assert.equal(taken, 2_000);
  assert.equal(queue.full.value, true);
});
