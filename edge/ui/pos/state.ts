/** The POS wired once: device, words, route, and the checks as its screens show them. */

import { computed, effect, signal } from "@preact/signals";
import { Device, isBareTable } from "@comanda/ui/device.ts";
import { LIMITS, type Command } from "@comanda/ui/generated/wire.ts";
import { createTranslator } from "@comanda/ui/i18n.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { formatMoney } from "@comanda/ui/money.ts";
import english from "./messages/en.ts";
import { overlay, type ScreenCheck } from "./overlay.ts";

export const device = new Device("pos");
export const words = await createTranslator(english, { de: () => import("./messages/de.ts"), es: () => import("./messages/es.ts") });
export const { t } = words;

/** Money of this site in the language of this device. */
export function money(amountMinor: number): string {
  return formatMoney(amountMinor, device.live.site.value.currency, words.locale.value);
}

const unanswered = computed(() => new Set(device.queue.waiting.value.map((kept) => kept.id)));

export const checks = computed(() => overlay(device.live.checks.value, device.queue.underway.value, unanswered.value));

/** A check that was begun on this tablet and is told to the box with its first line, so that looking opens nothing. */
export interface Draft {
  readonly id: string;
  readonly tableId: string;
  readonly covers: number;
}
const draft = signal<Draft | null>(null);

effect(() => {
  if (draft.value !== null && checks.value.get(draft.value.id)?.view) draft.value = null;
});

// --- route: `#/` is the floor, `#/check/<id>` a check, `#/check/<id>/pay` its payment ---------------

export interface Route {
  readonly screen: "floor" | "check" | "pay";
  readonly checkId: string;
}

function parse(hash: string): Route {
  const [, name, checkId = "", pay] = hash.replace(/^#/, "").split("/");
  return name === "check" && checkId !== "" ? { screen: pay === "pay" ? "pay" : "check", checkId } : { screen: "floor", checkId: "" };
}

export const route = signal(parse(location.hash));
window.addEventListener("hashchange", () => (route.value = parse(location.hash)));

/** True for a moment after a check was left: the second half of a double tap must not choose a table. */
export const settling = signal(false);

export function goToFloor(): void {
  location.hash = "#/";
  settling.value = true;
  setTimeout(() => (settling.value = false), LIMITS.UI_TAP_GUARD_S * 1_000);
}

export function goToCheck(checkId: string, pay = false): void {
  location.hash = `#/check/${checkId}${pay ? "/pay" : ""}`;
}

/** The seat (0: the table) and course ("": the item's own) that the next line is for; begun anew with every check. */
export const serving = signal<{ readonly seat: number; readonly course: string }>({ seat: 0, course: "" });
let servedCheck = "";
effect(() => {
  const { checkId } = route.value;
  if (checkId === servedCheck) return;
  servedCheck = checkId;
  serving.value = { seat: 0, course: "" };
});

/** The check of the route: known, or a draft; null when this tablet knows no such open check. */
export const current = computed<ScreenCheck | null>(() => {
  const { checkId } = route.value;
  const known = checks.value.get(checkId);
  if (known !== undefined) return known;
  const begun = draft.value;
  if (begun === null || begun.id !== checkId) return null;
  return { ...begun, view: null, pending: [], voiding: new Set(), sending: false, firing: new Set(), paying: null, closing: false, waiting: 0 };
});

// --- acts -------------------------------------------------------------------------------------

/** Begin a check for a table, or a quick one without (`""`). */
export function beginCheck(tableId: string, covers: number): void {
  draft.value = { id: uuid7(), tableId, covers };
  goToCheck(draft.value.id);
}

/** Tell the box something about a check; a draft is opened in the same breath. */
export function tell(checkId: string, ...commands: readonly Command[]): boolean {
  const begun = draft.value;
  const isNew = begun !== null && begun.id === checkId && !checks.value.has(checkId);
  const opening: Command[] = isNew ? [{ type: "OpenCheck", check_id: checkId, table_id: begun.tableId, covers: begun.covers }] : [];
  return device.submit(...opening, ...commands);
}

export function tableName(tableId: string): string {
  return isBareTable(tableId) ? t("table.named", { table: tableId }) : tableId;
}

/** What a check is called: its table, or its number at the counter. */
export function checkName(check: { readonly tableId: string; readonly view: { readonly number: number } | null }): string {
  if (check.tableId !== "") return tableName(check.tableId);
  return check.view === null ? t("quick.new") : t("quick.numbered", { n: check.view.number });
}
