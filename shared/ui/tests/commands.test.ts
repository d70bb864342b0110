/** The queue of a tablet, told as incidents: silence, refusals, restarts, stale kitchen commands. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../generated/wire.ts";
import { memoryStore, type QueueStore } from "../queue-store.ts";
import type { Kept } from "../session-words.ts";
import { Box, BOX, refused, SILENT, Tab } from "./tablet.ts";

const SEND: Command = { type: "SendCheck", check_id: "c" };
const PAY: Command = { type: "PayCash", check_id: "c", tendered_minor: 100 };
const STALE_MS = 15 * 60_000 + 1;

test("silence is asked again with the same id, and nothing overtakes it", async () => {
  const box = new Box();
  box.script = [SILENT, SILENT];
  const tab = new Tab(box).hears();
  const [first, second] = [tab.queue.submit(SEND), tab.queue.submit(PAY)];
  await tab.untilSent();
  assert.deepEqual(box.seen, [first, first, first, second]);
  assert.equal(tab.queue.settling.value.length, 2);
  tab.hears(12, BOX, false);
  assert.equal(tab.queue.underway.value.length, 0);
});

test("nothing is sent while the box has not spoken", async () => {
  const box = new Box();
  const tab = new Tab(box);
  tab.queue.submit(PAY);
  await tab.until(() => tab.nowMs > 2_000);
  assert.deepEqual([box.seen, tab.opened], [[], [""]]);
  tab.hears();
  await tab.untilSent();
  assert.equal(box.seen.length, 1);
});

test("a refusal is shown with its hint, dropped, and the next command goes on", async () => {
  const box = new Box();
  box.script = [refused("check.closed")];
  const tab = new Tab(box).hears();
  const { queue } = tab;
  queue.submit(SEND);
  queue.submit(PAY);
  await tab.untilSent();
  assert.deepEqual(queue.refusals.value.map((refusal) => refusal.problem.code), ["check.closed"]);
  assert.equal(queue.settling.value.length, 1);
  const [refusal] = queue.refusals.value;
  assert.ok(refusal);
  queue.dismiss(refusal);
  assert.equal(queue.refusals.value.length, 0);
});

test("two screens bump one ticket and the second is not bothered", async () => {
  const box = new Box();
  box.script = [refused("ticket.already_bumped")];
  const tab = new Tab(box, { moot: new Set(["ticket.already_bumped"]) }).hears();
  tab.queue.submit(SEND);
  await tab.untilSent();
  assert.equal(tab.queue.refusals.value.length, 0);
});

test("a box that cannot take anything is named until it can", async () => {
  const box = new Box();
  box.script = [refused("storage.full", 507)];
  const tab = new Tab(box).hears();
  tab.queue.submit(SEND);
  await tab.until(() => tab.queue.trouble.value !== null);
  assert.equal(tab.queue.trouble.value?.code, "storage.full");
  await tab.untilSent();
  assert.equal(tab.queue.trouble.value, null);
});

test("the tablet restarts with commands in it and sends them first, in order", async () => {
  const old: Kept[] = ["a", "b"].map((id) => ({ id, commands: [{ id, command: PAY }], keptMs: 0 }));
  const store = memoryStore({ kept: old });
  const box = new Box();
  const tab = new Tab(box, { store: Promise.resolve(store) }).hears();
  const third = tab.queue.submit(PAY);
  await tab.until(() => box.seen.length === 3);
  await tab.untilSent();
  assert.deepEqual(box.seen, ["a", "b", third]);
  assert.deepEqual((await store.load()).kept, []);
});

test("nothing is sent before it is kept", async () => {
  const order: string[] = [];
  const inner = memoryStore();
  const store: QueueStore = {
    ...inner,
    write: async (notes) => {
      await inner.write(notes);
      order.push(...notes.map(({ type }) => type));
    },
  };
  const box = new Box();
  const send = box.send.bind(box);
  box.send = async (kept) => (order.push("sent"), send(kept));
  const tab = new Tab(box, { store: Promise.resolve(store) }).hears();
  tab.queue.submit(PAY);
  await tab.untilSent();
  await tab.until(() => order.includes("Forget"));
  assert.deepEqual(order.filter((each) => each !== "Remember"), ["Keep", "sent", "Forget"]);
});

test("what was accepted is held, with its place, until the cloud has had it for a day", async () => {
  const store = memoryStore();
  const box = new Box();
  const tab = new Tab(box, { store: Promise.resolve(store) }).hears();
  const id = tab.queue.submit(PAY);
  await tab.untilSent();
  await tab.until(() => tab.queue.settling.value.length === 1);
  tab.hears(11, BOX, false, 11);
  const { held } = await store.load();
  assert.deepEqual(held.map(({ command, needed }) => [command.submit.id, needed, command.position]), [[id, 11, "1.11.aa"]]);
  tab.nowMs += 24 * 3_600_000 + 1;
  tab.queue.tick();
  await tab.until(() => tab.nowMs > 25 * 3_600_000);
  assert.deepEqual((await store.load()).held, []);
});

test("a tablet that is switched on under a replacement hands in what it was told is accepted, before it sells", async () => {
  const submit = { id: "soup", command: PAY };
  const held = [{ command: { submit, position: "1.11.aa", at: "2026-03-02T11:00:00Z", business_date: "2026-03-02" }, needed: 11, acceptedMs: 0 }];
  const store = memoryStore({ held, memory: { siteId: "s", epoch: 1, claim: "claim-1", settled: 1 } });
  const box = new Box();
  const tab = new Tab(box, { store: Promise.resolve(store) });
  const second = { ...BOX, epoch: 2, claim: "claim-2" };
  tab.queue.submit(PAY);
  await tab.until(() => tab.queue.isLeading.value);
  tab.hears(9, second);
  await tab.until(() => tab.opened.length === 2);
  assert.deepEqual(box.handedIn.map(({ commands }) => commands.map(({ submit: { id } }) => id)), [["soup"]]);
  assert.deepEqual(box.seen, []);
  tab.hears(12, second);
  await tab.untilSent();
  assert.equal(box.seen.length, 1);
  assert.equal((await store.load()).memory.settled, 2);
});

test("a device that cannot store says so and sends all the same", async () => {
  const store: QueueStore = { ...memoryStore(), durable: true, write: () => Promise.reject(new Error("disk full")) };
  const box = new Box();
  const tab = new Tab(box, { store: Promise.resolve(store) }).hears();
  tab.queue.submit(PAY);
  await tab.untilSent();
  assert.equal(box.seen.length, 1);
  assert.equal(tab.queue.durable.value, false);
});

test("a kitchen command that has grown stale asks a person, and is sent or dropped as told", async () => {
  for (const [send, seen] of [[true, 2], [false, 1]] as const) {
    const store = memoryStore({ kept: [{ id: "old", commands: [{ id: "old", command: SEND }], keptMs: -STALE_MS }] });
    const box = new Box();
    const tab = new Tab(box, { store: Promise.resolve(store) }).hears();
    tab.queue.submit(PAY);
    await tab.until(() => tab.queue.question.value !== null);
    assert.deepEqual(box.seen, []);
    tab.queue.decide(send);
    await tab.untilSent();
    assert.equal(box.seen.length, seen);
    assert.deepEqual((await store.load()).kept, []);
  }
});

test("a full queue takes no more and says so", async () => {
  const box = new Box();
  box.mute = true;
  const tab = new Tab(box).hears();
  let taken = 0;
  while (tab.queue.submit(PAY) !== null) taken += 1;
  assert.equal(taken, 2_000);
  assert.equal(tab.queue.full.value, true);
});
