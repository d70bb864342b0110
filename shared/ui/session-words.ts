/**
 * The words of a device session, as shared/protocol/device_words.py has them: what a device remembers, hears and asks for, and the tables.
 *
 * When which is said is in session.ts.
 */

import { LIMITS, type BoxState, type Command, type HandIn, type HeldCommand, type ScreenFrame, type ShowClaim, type Submit } from "./generated/wire.ts";

export type Phase = "offline" | "asking" | "live" | "handing_in" | "wrong_box" | "waiting_person";
/** Why a box is the wrong one; empty when it is not. */
export type Wrong = "" | "fenced" | "lower" | "other_site";

/** One request to the box: a command, or several that are accepted together or not at all. */
export interface Kept {
  /** Of the first command; names the request. */
  readonly id: string;
  readonly commands: readonly Submit[];
  /** When it was asked for, by this device's clock (ms). */
  readonly keptMs: number;
}

/** A command that a box has accepted: the cloud has it once its watermark, in the branch of the present box, is at `needed`. */
export interface Held {
  readonly command: HeldCommand;
  readonly needed: number;
  /** By this device's clock (ms). */
  readonly acceptedMs: number;
}

/** What a device remembers of boxes; `settled` is the epoch of the box known to have all that was accepted. */
export interface Memory {
  readonly siteId: string;
  readonly epoch: number;
  readonly claim: string;
  readonly settled: number;
}

export const NO_MEMORY: Memory = { siteId: "", epoch: 0, claim: "", settled: 0 };

export interface News {
  readonly position: string;
  readonly isSnapshot: boolean;
  readonly box: BoxState | null;
  readonly cloud: number | null;
}

export function newsOf(frame: ScreenFrame): News {
  // A box of an older release says nothing of itself.
  return { position: frame.position, isSnapshot: frame.type === "snapshot", box: frame.box ?? null, cloud: frame.cloud?.sequence ?? null };
}

/** What a session writes down; other tabs of the device hear of it. */
export type Note =
  | { readonly type: "Keep"; readonly kept: Kept }
  | { readonly type: "Forget"; readonly id: string; readonly held: readonly Held[] }
  | { readonly type: "Hold"; readonly held: readonly Held[] }
  | { readonly type: "Release"; readonly ids: readonly string[] }
  | { readonly type: "Remember"; readonly memory: Memory };

/** What a session asks its shell to do, in this order; ShowClaim and HandIn go over the wire as they are. */
export type Action =
  | Note
  | { readonly type: "Open"; readonly cursor: string }
  | { readonly type: "Send"; readonly kept: Kept }
  | { readonly type: "Ask"; readonly kept: Kept }
  | { readonly type: "Tell"; readonly code: string; readonly about: string }
  | { readonly type: "ShowClaim"; readonly claim: ShowClaim }
  | { readonly type: "HandIn"; readonly handIn: HandIn };

interface AfterClose {
  readonly cursor: "keep" | "void" | "fork";
  readonly pause: "growing" | "longest";
}

const ANY_CLOSE: AfterClose = { cursor: "keep", pause: "growing" };
const AFTER_CLOSE: ReadonlyMap<number, AfterClose> = new Map<number, AfterClose>([
  [4400, { cursor: "void", pause: "growing" }], // no cursor of this box
  [4401, { cursor: "keep", pause: "longest" }], // a device that the box does not know: a person pairs it
  [4408, { cursor: "keep", pause: "growing" }], // read too slowly
  [4409, { cursor: "fork", pause: "growing" }], // the journal of the box does not hold the cursor
  [4429, { cursor: "keep", pause: "longest" }], // full
]);

export function afterClose(code: number): AfterClose {
  return AFTER_CLOSE.get(code) ?? ANY_CLOSE;
}

const TRY_AGAIN = new Set(["box.fenced", "box.recovering", "commit.unknown", "edge.busy", "edge.stopping", "storage.full", "storage.unavailable"]);
const ALWAYS_FINAL = new Set(["card.offline"]);
const UNDECIDED = new Set([401, 408, 425, 429]);

/** Whether a refusal is an answer to the command; else it is kept and tried again. */
export function isFinal(code: string, status: number): boolean {
  return ALWAYS_FINAL.has(code) || !(TRY_AGAIN.has(code) || UNDECIDED.has(status) || status >= 500);
}

/** Commands after which the kitchen cooks or stops cooking. Grown stale, a person is asked first. */
export const FOR_THE_KITCHEN: ReadonlySet<string> = new Set<Command["type"]>([
  "SendCheck", "FireCourse", "FireLines", "ReleaseLines", "StartItem", "BumpItem", "BumpTicket", "ServeItems", "ServeTicket",
  "RecallTicket", "RecallItem", "RecallLast", "PrioritizeTicket",
]);

/** Commands that a replacement need not be handed: what a screen shows it tells every box by itself. That a cook has seen a change is
 * said once, and the bump that followed it rests on it. */
export const NOT_HELD: ReadonlySet<string> = new Set<Command["type"]>(["MarkShown", "MarkPrinted"]);

/** The `needed` of a command that is not known to stand in the present box's journal: the highest sequence there is. */
export const NOWHERE = 10 ** 15 - 1;

export const PATIENCE_MS = LIMITS.UI_COMMAND_TIMEOUT_S * 1_000;
export const LONGEST_MS = LIMITS.UI_RECONNECT_MAX_S * 1_000;

/** Milliseconds before the next attempt, doubled each time. */
export function growingMs(attempt: number): number {
  return Math.min(LONGEST_MS, LIMITS.UI_RECONNECT_MIN_S * 1_000 * 2 ** Math.min(attempt, 16));
}
