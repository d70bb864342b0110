/**
 * Time on a screen: one shared second, and the clock of the box, because tablets' clocks are wrong.
 */

import { signal } from "@preact/signals";

let offsetMs = 0;

/** Milliseconds since 1970 by the clock of the box, as well as it is known (a second or so). */
export function boxNow(): number {
  return Date.now() + offsetMs;
}

/** Learn from an answer's `Date` header, which is cut to the second; `sentMs` is when the question left. */
export function observeBoxTime(dateHeader: string | null, sentMs: number): void {
  const told = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(told)) return;
  const measured = told + 500 - (sentMs + Date.now()) / 2;
  if (Math.abs(measured - offsetMs) > 2_000) offsetMs = Math.abs(measured) > 2_000 ? measured : 0;
}

/** Changes once a second; read it to be drawn again. */
export const second = signal(0);

if (typeof window !== "undefined") window.setInterval(() => (second.value += 1), 1_000);

/** `3:07`, or `1:02:09` from an hour on; never negative. */
export function elapsed(sinceMs: number, nowMs: number): string {
  const total = Math.max(0, Math.floor((nowMs - sinceMs) / 1_000));
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  const tail = `${String(seconds).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** An age as people say it: the largest unit that fits, and how many. */
export function ageIn(seconds: number): { readonly unit: "minutes" | "hours" | "days"; readonly n: number } {
  const minutes = Math.max(1, Math.floor(seconds / 60));
  if (minutes < 120) return { unit: "minutes", n: minutes };
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? { unit: "hours", n: hours } : { unit: "days", n: Math.floor(hours / 24) };
}
