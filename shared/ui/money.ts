/**
 * Money as people read it. Amounts stay integers in minor units; sums and prices are made by the box, never here.
 */

import { EXPONENTS } from "./generated/wire.ts";

/** Decimals of a currency's minor unit (ISO 4217); the browser's own tables follow usage instead and differ. */
export function exponent(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

const formats = new Map<string, Intl.NumberFormat>();

/** `1295, "EUR", "de"` -> `12,95 €`. A box without a menu has the currency `XXX`, which is left out. */
export function formatMoney(amountMinor: number, currency: string, language: string): string {
  const key = `${language} ${currency}`;
  let format = formats.get(key);
  if (format === undefined) {
    const digits = { minimumFractionDigits: exponent(currency), maximumFractionDigits: exponent(currency) };
    const style = currency === "XXX" ? {} : ({ style: "currency", currency, currencyDisplay: "narrowSymbol" } as const);
    format = new Intl.NumberFormat(language, { ...style, ...digits });
    formats.set(key, format);
  }
  return format.format(amountMinor / 10 ** exponent(currency));
}

/** `"12.5", "USD"` -> `1250`; a comma may stand for the point. Null for what is no amount of the currency. */
export function minorOf(text: string, currency: string): number | null {
  const decimals = exponent(currency);
  const match = /^(\d{1,9})(?:[.,](\d*))?$/.exec(text.trim());
  if (match === null || (match[2]?.length ?? 0) > decimals) return null;
  return Number((match[1] ?? "") + (match[2] ?? "").padEnd(decimals, "0"));
}

/** Coins and notes worth offering, in whole units by number of decimals. */
const STEPS: Readonly<Record<number, readonly number[]>> = {
  0: [100, 500, 1_000, 5_000, 10_000],
  2: [1, 5, 10, 20, 50, 100],
  3: [1, 5, 10, 20, 50],
};

/** What a guest is likely to hand over for `dueMinor`: the exact sum first, then rounded up to notes; at most `count`. */
export function quickTenders(dueMinor: number, currency: string, count = 6): number[] {
  const decimals = exponent(currency);
  const steps = (STEPS[decimals] ?? STEPS[2] ?? []).map((step) => step * 10 ** decimals);
  const rounded = steps.map((step) => Math.ceil(dueMinor / step) * step);
  return [...new Set([dueMinor, ...rounded])].sort((a, b) => a - b).slice(0, count);
}
