/** Ids, money, time and the live site: small rules that every screen leans on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed } from "../clock.ts";
import { LiveSite } from "../collection.ts";
import type { CloudState, ChangesFrame, CheckView, SnapshotFrame } from "../generated/wire.ts";
import { sequenceOf, uuid7 } from "../ids.ts";
import { formatMoney, minorOf, quickTenders } from "../money.ts";

test("an id is the UUIDv7 that the box makes of the same time and randomness", () => {
  // The same bytes through shared/domain/ids.py: uuid7(1_700_000_000_000, bytes(range(10)))
  const random = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(uuid7(1_700_000_000_000, random), "018bcfe5-6800-7001-8203-040506070809");
  assert.match(uuid7(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a position names its sequence", () => {
  assert.equal(sequenceOf("2.1042.ab12"), 1_042);
  assert.equal(sequenceOf(""), 0);
});

test("money has the decimals of its currency, not of the browser's habit", () => {
  assert.equal(formatMoney(1_295, "USD", "en-US"), "$12.95");
  assert.equal(formatMoney(1_295, "JPY", "en-US"), "¥1,295");
  assert.equal(formatMoney(1_295, "IQD", "en-US").replace(/[^\d.]/g, ""), "1.295");
});

test("an amount that somebody types is minor units or nothing", () => {
  assert.deepEqual(["12.5", "12,50", "3", "1.234", "x", ""].map((text) => minorOf(text, "USD")), [1_250, 1_250, 300, null, null, null]);
  assert.deepEqual([minorOf("1280", "JPY"), minorOf("1.5", "JPY"), minorOf("1.234", "OMR")], [1_280, null, 1_234]);
});

test("quick tenders are the exact sum and notes above it", () => {
  assert.deepEqual(quickTenders(3_647, "USD"), [3_647, 3_700, 4_000, 5_000, 10_000]);
  assert.deepEqual(quickTenders(5_000, "EUR"), [5_000, 6_000, 10_000]);
  assert.deepEqual(quickTenders(1_280, "JPY"), [1_280, 1_300, 1_500, 2_000, 5_000, 10_000]);
});

test("time never runs backwards on a ticket", () => {
  assert.equal(elapsed(0, 187_000), "3:07");
  assert.equal(elapsed(0, 3_729_000), "1:02:09");
  assert.equal(elapsed(5_000, 0), "0:00");
});

const SITE = { epoch: 1, currency: "USD", time_zone: "UTC", cut_over_minutes: 240, business_date: "2026-01-05", menu_version: "m", scheduled: [] };
const CLOUD: CloudState = { sequence: 5, link: "sending", reported_at: "2026-01-05T10:00:00Z", alarm: "" };

function check(id: string, status: "open" | "closed" = "open"): CheckView {
  return { check_id: id, status } as CheckView;
}

function snapshot(position: string, ...checks: CheckView[]): SnapshotFrame {
  return { type: "snapshot", position, site: SITE, cloud: CLOUD, checks, tickets: [], overrides: [], alarms: [], box: null, check_sequences: [] };
}

function changes(position: string, over: Partial<ChangesFrame>): ChangesFrame {
  return { type: "changes", position, checks: [], tickets: [], site: null, cloud: null, overrides: [], alarms: null, box: null, check_sequences: [], ...over };
}

test("a snapshot makes what was known before void", () => {
  const live = new LiveSite();
  live.apply(snapshot("1.5.a", check("one"), check("two")));
  live.apply(snapshot("1.9.b", check("two")));
  assert.deepEqual([...live.checks.value.keys()], ["two"]);
  assert.equal(live.position.value, "1.9.b");
});

test("a check is in the cloud only when the cloud has its last change", () => {
  const live = new LiveSite();
  live.apply(snapshot("1.5.a", check("one")));
  assert.equal(live.placeOf("one"), "cloud");
  live.apply(changes("1.6.b", { checks: [check("one")] }));
  assert.equal(live.placeOf("one"), "box");
  live.apply(changes("1.6.b", { cloud: { ...CLOUD, sequence: 6 } }));
  assert.equal(live.placeOf("one"), "cloud");
});

test("a closed check leaves the open ones and is kept for its receipt", () => {
  const live = new LiveSite();
  live.apply(snapshot("1.5.a", check("one")));
  live.apply(changes("1.7.b", { checks: [check("one", "closed")] }));
  assert.equal(live.checks.value.size, 0);
  assert.equal(live.closed.value.size, 1);
});

test("a word from the cloud does not move the cursor back", () => {
  const live = new LiveSite();
  live.apply(snapshot("1.9.b"));
  live.apply(changes("1.8.a", { cloud: { ...CLOUD, sequence: 8 } }));
  assert.equal(live.position.value, "1.9.b");
  assert.equal(live.behindCloud.value, 1);
});
