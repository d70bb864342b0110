/**
 * Checks as a tablet shows them: the box's word, and on top what this tablet has asked for and not yet seen.
 *
 * What is on its way is shown as such and carries no sum: sums are the box's. Sockets and screens are not known here.
 */

import type { AddLine, CheckView, Command, LineView, PayCash } from "@comanda/ui/generated/wire.ts";
import type { Kept } from "@comanda/ui/session-words.ts";

export interface ScreenCheck {
  readonly id: string;
  readonly tableId: string;
  readonly covers: number;
  /** What the box says; null while it has not taken the check. */
  readonly view: CheckView | null;
  /** Lines that the box has not shown yet, in order. */
  readonly pending: readonly AddLine[];
  /** Lines that are being voided. */
  readonly voiding: ReadonlySet<string>;
  readonly sending: boolean;
  /** Lines that are being fired although their course waits. */
  readonly firing: ReadonlySet<string>;
  readonly paying: PayCash | null;
  readonly closing: boolean;
  /** Requests of this tablet that the box has not answered. */
  readonly waiting: number;
}

type Mutable = { -readonly [Field in keyof ScreenCheck]: ScreenCheck[Field] } & { pending: AddLine[]; voiding: Set<string>; firing: Set<string> };

function fresh(id: string, tableId: string, covers: number, view: CheckView | null): Mutable {
  return { id, tableId, covers, view, pending: [], voiding: new Set(), sending: false, firing: new Set(), paying: null, closing: false, waiting: 0 };
}

/** The checks of `open` with `underway` on top, in its order; `unanswered` of these the box has not answered. */
export function overlay(open: ReadonlyMap<string, CheckView>, underway: readonly Kept[], unanswered: ReadonlySet<string>): Map<string, ScreenCheck> {
  const shown = new Map<string, Mutable>();
  for (const [id, view] of open) shown.set(id, fresh(id, view.table_id, view.covers, view));
  for (const kept of underway) {
    const touched = new Set<Mutable>();
    for (const { command } of kept.commands) {
      const check = lay(shown, command);
      if (check !== undefined) touched.add(check);
    }
    if (unanswered.has(kept.id)) for (const check of touched) check.waiting += 1;
  }
  return shown;
}

function lay(shown: Map<string, Mutable>, command: Command): Mutable | undefined {
  if (!("check_id" in command)) return undefined;
  if (command.type === "OpenCheck" && !shown.has(command.check_id)) {
    shown.set(command.check_id, fresh(command.check_id, command.table_id ?? "", command.covers ?? 0, null));
  }
  const check = shown.get(command.check_id);
  if (check === undefined) return undefined;
  const line = "line_id" in command ? check.view?.lines.find(({ line_id }) => line_id === command.line_id) : undefined;
  // A combo comes back as its components, which name it.
  const combo = "line_id" in command && check.view?.lines.some((each) => each.combo?.combo_id === command.line_id);
  if (command.type === "AddLine" && line === undefined && combo !== true) check.pending.push(command);
  if (command.type === "VoidLine") {
    check.pending = check.pending.filter(({ line_id }) => line_id !== command.line_id);
    for (const each of check.view?.lines ?? []) {
      const isMeant = each.line_id === command.line_id || each.combo?.combo_id === command.line_id;
      if (isMeant && each.status !== "voided") check.voiding.add(each.line_id);
    }
  }
  if (command.type === "SendCheck") check.sending = check.pending.length > 0 || heldLines(check).some((each) => !each.on_hold);
  if (command.type === "FireCourse") for (const each of heldLines(check)) if (each.course === command.course) check.firing.add(each.line_id);
  if (command.type === "FireLines") for (const each of heldLines(check)) if (command.line_ids.includes(each.line_id)) check.firing.add(each.line_id);
  if (command.type === "PayCash") check.paying = command;
  if (command.type === "CloseCheck") check.closing = true;
  return check;
}

/** Lines on the box that have not been sent and are not being voided. */
export function heldLines(check: Pick<ScreenCheck, "view" | "voiding">): readonly LineView[] {
  return check.view?.lines.filter((line) => line.status === "held" && !check.voiding.has(line.line_id)) ?? [];
}

/** Whether the sums that the box has told are about to change. */
export function sumsPending(check: ScreenCheck): boolean {
  return check.view === null || check.pending.length > 0 || check.voiding.size > 0 || check.paying !== null;
}
