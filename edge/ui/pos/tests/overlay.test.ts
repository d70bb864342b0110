/** What a tablet shows of what it has asked for: pending without a sum, once, and gone when the box has it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckView, Command, LineView } from "@comanda/ui/generated/wire.ts";
import type { Kept } from "@comanda/ui/session-words.ts";
import { heldLines, overlay, sumsPending } from "../overlay.ts";

function kept(id: string, ...commands: Command[]): Kept {
  return { id, commands: commands.map((command, index) => ({ id: `${id}${index}`, command })), keptMs: 0 };
}

function view(lines: Partial<LineView>[] = []): CheckView {
  return { check_id: "c", table_id: "5", covers: 2, status: "open", lines } as unknown as CheckView;
}

const OPEN: Command = { type: "OpenCheck", check_id: "c", table_id: "5", covers: 2 };
const add = (line_id: string): Command => ({ type: "AddLine", check_id: "c", line_id, item_id: "tea" });

test("a check that only the tablet knows is shown as waiting there", () => {
  const [check] = overlay(new Map(), [kept("k", OPEN, add("l"))], new Set(["k"])).values();
  assert.ok(check);
  assert.deepEqual([check.tableId, check.view, check.pending.length, check.waiting], ["5", null, 1, 1]);
  assert.equal(sumsPending(check), true);
});

test("a line that the box already shows is not shown twice while its answer is under way", () => {
  const open = new Map([["c", view([{ line_id: "l", status: "held" }])]]);
  const check = overlay(open, [kept("k", add("l"))], new Set()).get("c");
  assert.deepEqual([check?.pending.length, check?.waiting], [0, 0]);
});

test("a held line that is being voided counts as held no more", () => {
  const open = new Map([["c", view([{ line_id: "l", status: "held" }, { line_id: "m", status: "held" }])]]);
  const check = overlay(open, [kept("k", { type: "VoidLine", check_id: "c", line_id: "l" })], new Set(["k"])).get("c");
  assert.ok(check);
  assert.deepEqual(heldLines(check).map((line) => line.line_id), ["m"]);
});

test("a command for a check that is gone draws nothing", () => {
  assert.equal(overlay(new Map(), [kept("k", add("l"))], new Set(["k"])).size, 0);
});
