/** What a split is told to the box as. Pure: which line goes where; what that comes to is the box's to say. */

import type { LineView, SplitCheck } from "@comanda/ui/generated/wire.ts";

/** What becomes of a line; one that is not named stays. */
export type Part = "stays" | "goes" | "shared";
export type Parts = ReadonlyMap<string, Part>;

/** Components of a combo go together. */
export function lineKey(line: LineView): string {
  return line.combo?.combo_id ?? line.line_id;
}

/** The lines that can be told apart: one of each combo, none that is voided. */
export function movable(lines: readonly LineView[]): LineView[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const isNew = line.status !== "voided" && !seen.has(lineKey(line));
    seen.add(lineKey(line));
    return isNew;
  });
}

const NEXT: Readonly<Record<Part, Part>> = { stays: "goes", goes: "shared", shared: "stays" };

export function togglePart(parts: Parts, key: string): Parts {
  const next = new Map(parts);
  const part = NEXT[parts.get(key) ?? "stays"];
  if (part === "stays") next.delete(key);
  else next.set(key, part);
  return next;
}

/** A check for each seat; the first keeps this one. */
export function bySeat(checkId: string, seats: readonly number[], newId: () => string): SplitCheck {
  return { type: "SplitCheck", check_id: checkId, into: seats.slice(1).map(() => newId()), seats: seats.map((seat) => [seat]) };
}

/** One new check with what goes, and half of what is shared. */
export function assignmentOf(checkId: string, lines: readonly LineView[], parts: Parts, newId: () => string): SplitCheck {
  const weights: Readonly<Record<Part, readonly number[]>> = { stays: [1, 0], goes: [0, 1], shared: [1, 1] };
  const keys = [...new Set(lines.filter((line) => line.status !== "voided").map(lineKey))];
  const assignments = keys.map((line_id) => ({ line_id, weights: [...weights[parts.get(line_id) ?? "stays"]] }));
  return { type: "SplitCheck", check_id: checkId, into: [newId()], assignments };
}
