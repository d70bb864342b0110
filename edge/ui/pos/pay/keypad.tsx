/** A till's keypad: digits move in from the right, in minor units. */

import { useEffect } from "preact/hooks";
import { Icon } from "@comanda/ui/elements/icon.tsx";

interface Props {
  readonly value: number;
  readonly onValue: (value: number) => void;
  readonly clearLabel: string;
  readonly eraseLabel: string;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0"];

/** `value` with more digits at its right. */
function typed(value: number, digits: string): number {
  return value * 10 ** digits.length + Number(digits);
}

export function Keypad({ value, onValue, clearLabel, eraseLabel }: Props) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
      if (/^\d$/.test(event.key)) onValue(typed(value, event.key));
      else if (event.key === "Backspace") onValue(Math.floor(value / 10));
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [value, onValue]);
  return (
    <div class="keypad">
      {DIGITS.map((digits) => (
        <button key={digits} type="button" onClick={() => onValue(typed(value, digits))}>
          {digits}
        </button>
      ))}
      <button type="button" aria-label={eraseLabel} onClick={() => onValue(Math.floor(value / 10))}>
        <Icon name="erase" size={28} />
      </button>
      <button type="button" class="clear" aria-label={clearLabel} disabled={value === 0} onClick={() => onValue(0)}>
        {clearLabel}
      </button>
    </div>
  );
}
