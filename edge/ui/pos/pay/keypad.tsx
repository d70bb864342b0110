/** A till's keypad: digits move in from the right, in minor units. */

import { useEffect } from "preact/hooks";
import { Icon } from "@comanda/ui/elements/icon.tsx";

interface Props {
  readonly empty: boolean;
  /** Told how the figure changes, not what it becomes: two quick keys may come before the screen is drawn again. */
  readonly onKey: (change: (value: number) => number) => void;
  readonly clearLabel: string;
  readonly eraseLabel: string;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0"];

/** More digits at the right of a figure. */
function typed(digits: string): (value: number) => number {
  return (value) => value * 10 ** digits.length + Number(digits);
}

function erased(value: number): number {
  return Math.floor(value / 10);
}

export function Keypad({ empty, onKey, clearLabel, eraseLabel }: Props) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
      if (/^\d$/.test(event.key)) onKey(typed(event.key));
      else if (event.key === "Backspace") onKey(erased);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [onKey]);
  return (
    <div class="keypad">
      {DIGITS.map((digits) => (
        <button key={digits} type="button" onClick={() => onKey(typed(digits))}>
          {digits}
        </button>
      ))}
      <button type="button" aria-label={eraseLabel} onClick={() => onKey(erased)}>
        <Icon name="erase" size={28} />
      </button>
      <button type="button" class="clear" aria-label={clearLabel} disabled={empty} onClick={() => onKey(() => 0)}>
        {clearLabel}
      </button>
    </div>
  );
}
