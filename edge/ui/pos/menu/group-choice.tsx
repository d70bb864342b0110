/** One question to the guest, with its bounds in words. */

import type { ModifierGroup } from "@comanda/ui/generated/wire.ts";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { money, t } from "../state.ts";
import { toggled } from "./choice.ts";

interface Props {
  readonly group: ModifierGroup;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function rule({ minimum, maximum, modifiers }: ModifierGroup): string {
  const most = Math.min(maximum, modifiers.length);
  if (minimum === most) return t("item.choose.exact", { minimum });
  if (minimum === 0) return most === modifiers.length ? "" : t("item.choose.upto", { maximum: most });
  return most === modifiers.length ? t("item.choose.atleast", { minimum }) : t("item.choose.between", { minimum, maximum: most });
}

export function GroupChoice({ group, chosen, onChange }: Props) {
  const single = group.maximum === 1;
  const full = !single && chosen.length >= group.maximum;
  const short = chosen.length < group.minimum;
  return (
    <fieldset class="group">
      <legend>
        <strong>{group.name}</strong>
        <span>{rule(group)}</span>
        {group.minimum > 0 && <b class={short ? "required" : "required met"}>{short ? t("item.required") : <Icon name="check" size={16} />}</b>}
      </legend>
      <div class="options" role={single ? "radiogroup" : "group"} aria-label={group.name}>
        {group.modifiers.map((modifier) => {
          const on = chosen.includes(modifier.id);
          return (
            <button
              key={modifier.id}
              type="button"
              role={single ? "radio" : "checkbox"}
              aria-checked={on}
              disabled={full && !on}
              onClick={() => onChange(toggled(group, chosen, modifier.id))}
            >
              <span class="mark">{on && <Icon name="check" size={18} />}</span>
              <span class="name">{modifier.name}</span>
              {modifier.price_minor > 0 && <span class="price">+{money(modifier.price_minor)}</span>}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
}
