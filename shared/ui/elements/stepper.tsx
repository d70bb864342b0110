/** A number between bounds, by two large buttons. */

import { Icon } from "./icon.tsx";

interface Props {
  readonly label: string;
  readonly less: string;
  readonly more: string;
  readonly value: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly onChange: (value: number) => void;
}

export function Stepper({ label, less, more, value, minimum, maximum, onChange }: Props) {
  return (
    <div class="stepper" role="group" aria-label={label}>
      <button type="button" aria-label={less} disabled={value <= minimum} onClick={() => onChange(value - 1)}>
        <Icon name="minus" />
      </button>
      <output aria-live="polite">{value}</output>
      <button type="button" aria-label={more} disabled={value >= maximum} onClick={() => onChange(value + 1)}>
        <Icon name="plus" />
      </button>
    </div>
  );
}
