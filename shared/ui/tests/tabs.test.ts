/** Two tabs of one tablet: one queue, one sender, nothing twice, nothing lost when a tab is closed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../generated/wire.ts";
import { memoryStore } from "../queue-store.ts";
import { leaseLeadership, lockLeadership, type Leadership } from "../tabs.ts";
import { Air, Box, leads, refused, Tab } from "./tablet.ts";

const PAY: Command = { type: "PayCash", check_id: "c", tendered_minor: 100 };

/** A leadership that a test gives and takes. */
function given(): Leadership & { give: (isLeading: boolean) => void } {
  let certain = false;
  let tell: (isLeading: boolean) => void = () => undefined;
  return {
    start: (onChange) => void (tell = onChange),
    isCertain: () => certain,
    give: (isLeading) => {
      certain = isLeading;
      tell(isLeading);
    },
  };
}

test("what is asked for in one tab is sent by the other, and both see it come and go", async () => {
  const [air, box, store] = [new Air(), new Box(), Promise.resolve(memoryStore())];
  const first = new Tab(box, { store, channel: air.end() }).hears();
  const second = new Tab(box, { store, channel: air.end(), leadership: leads(false) }).hears();
  const id = second.queue.submit(PAY);
  assert.equal(second.queue.waiting.value.length, 1);
  await first.until(() => box.seen.length === 1);
  await second.until(() => second.queue.waiting.value.length === 0);
  assert.deepEqual(box.seen, [id]);
  assert.equal(second.queue.settling.value.length, 1);
  second.hears(11);
  assert.equal(second.queue.underway.value.length, 0);
});

test("a refusal is shown in both tabs, and read once", async () => {
  const [air, box, store] = [new Air(), new Box(), Promise.resolve(memoryStore())];
  box.script = [refused("check.closed")];
  const first = new Tab(box, { store, channel: air.end() }).hears();
  const second = new Tab(box, { store, channel: air.end(), leadership: leads(false) }).hears();
  second.queue.submit(PAY);
  await second.until(() => second.queue.refusals.value.length === 1);
  const [refusal] = second.queue.refusals.value;
  assert.ok(refusal);
  second.queue.dismiss(refusal);
  assert.equal(first.queue.refusals.value.length, 0);
});

test("a stale kitchen command asks in both tabs, and the answer of either counts", async () => {
  const old = { id: "old", commands: [{ id: "old", command: { type: "SendCheck", check_id: "c" } as const }], keptMs: -1_000_000 };
  const [air, box, store] = [new Air(), new Box(), Promise.resolve(memoryStore({ kept: [old] }))];
  const second = new Tab(box, { store, channel: air.end(), leadership: leads(false) }).hears();
  const first = new Tab(box, { store, channel: air.end() }).hears();
  await second.until(() => second.queue.question.value !== null);
  second.queue.decide(true);
  await first.untilSent();
  assert.deepEqual(box.seen, ["old"]);
  await second.until(() => second.queue.question.value === null);
});

test("the tab that sends is closed in the middle, and the other goes on under the same ids", async () => {
  const [air, box, store] = [new Air(), new Box(), Promise.resolve(memoryStore())];
  const [one, two] = [given(), given()];
  const first = new Tab(box, { store, channel: air.end(), leadership: one }).hears();
  const second = new Tab(box, { store, channel: air.end(), leadership: two }).hears();
  one.give(true);
  await first.until(() => first.queue.isLeading.value);
  box.mute = true;
  const ids = [first.queue.submit(PAY), second.queue.submit(PAY)];
  await first.until(() => box.seen.length === 1);
  one.give(false); // the answer never comes to it
  box.mute = false;
  two.give(true);
  await second.untilSent();
  await second.until(() => box.seen.length === 3);
  assert.deepEqual(box.seen, [ids[0], ids[0], ids[1]]);
});

/** Time that a test turns, for leases. */
class Clock {
  nowMs = 1_000_000;
  readonly #beats: (() => void)[] = [];
  readonly #left: (() => void)[] = [];
  readonly nth = (index: number) => ({
    nowMs: () => this.nowMs,
    every: (_: number, beat: () => void) => void (this.#beats[index] = beat),
    onLeave: (left: () => void) => void (this.#left[index] = left),
  });

  /** A second passes in tab `index`; elsewhere nothing happens: a frozen tab hears no clock. */
  async beat(index: number, afterMs = 1_000): Promise<void> {
    this.nowMs += afterMs;
    this.#beats[index]?.();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  leave(index: number): void {
    this.#left[index]?.();
  }
}

async function twoLeases() {
  const [clock, store] = [new Clock(), Promise.resolve(memoryStore())];
  const told: string[] = [];
  const tabs = ["one", "two"].map((name, index) => leaseLeadership(store, name, clock.nth(index)));
  for (const [index, tab] of tabs.entries()) {
    tab.start((isLeading) => told.push(`${index} ${isLeading}`));
    await clock.beat(index, 0);
  }
  const [first, second] = tabs;
  assert.ok(first !== undefined && second !== undefined);
  return { clock, told, first, second };
}

test("without locks a lease says who sends: the first tab, and the next when it is closed", async () => {
  const { clock, told, first, second } = await twoLeases();
  await clock.beat(1);
  await clock.beat(0);
  assert.deepEqual([first.isCertain(), second.isCertain()], [true, false]);
  clock.leave(0);
  await clock.beat(1);
  assert.deepEqual([first.isCertain(), second.isCertain()], [false, true]);
  assert.deepEqual(told, ["0 true", "0 false", "1 true"]);
});

test("a tab that is killed loses the lease by saying nothing, and one that was frozen does not send when it wakes", async () => {
  const { clock, told, first, second } = await twoLeases();
  for (let beat = 0; beat < 4; beat += 1) await clock.beat(1);
  assert.equal(second.isCertain(), true);
  assert.equal(first.isCertain(), false);
  await clock.beat(0);
  assert.equal(first.isCertain(), false);
  assert.deepEqual(told.filter((each) => each.startsWith("1")), ["1 true"]);
});

test("where the browser has locks it says who sends", async () => {
  const waiting: (() => void)[] = [];
  // As LockManager.request: the first is granted, the next once that one is gone.
  const locks = { request: (_: string, granted: () => Promise<never>) => void (waiting.length === 0 ? granted() : undefined, waiting.push(granted)) };
  const tabs = [0, 1].map(() => lockLeadership(locks as unknown as LockManager, "comanda-pos"));
  const told: number[] = [];
  for (const [index, tab] of tabs.entries()) tab.start(() => told.push(index));
  assert.deepEqual([told, tabs.map((tab) => tab.isCertain())], [[0], [true, false]]);
  waiting[1]?.();
  assert.deepEqual(told, [0, 1]);
});
