/** One question to the guest, with its bounds in words; below a chosen modifier the questions that follow from it. */

import type { ChosenModifier, Modifier, ModifierGroup } from "@comanda/ui/generated/wire.ts";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { money, t } from "../state.ts";
import { countOf, groupsOf, toggled, within, withBelow, type Choice, type Groups, type Portion } from "./choice.ts";

interface Props {
  readonly group: ModifierGroup;
  readonly choice: Choice;
  readonly find: Groups;
  readonly onChange: (choice: Choice) => void;
}

function rule({ minimum, maximum, modifiers, included }: ModifierGroup): string {
  const most = Math.min(maximum, modifiers.length);
  const free = included > 0 ? t("item.included", { n: included }) : "";
  const bounds =
    minimum === most
      ? t("item.choose.exact", { minimum })
      : minimum === 0
        ? most === modifiers.length
          ? ""
          : t("item.choose.upto", { maximum: most })
        : most === modifiers.length
          ? t("item.choose.atleast", { minimum })
          : t("item.choose.between", { minimum, maximum: most });
  return [bounds, free].filter((text) => text !== "").join(" · ");
}

function surcharge({ price_minor }: Modifier): string {
  return price_minor === 0 ? "" : price_minor > 0 ? `+${money(price_minor)}` : money(price_minor);
}

export function GroupChoice({ group, choice, find, onChange }: Props) {
  const single = group.maximum === 1 && !group.halves;
  const count = countOf(group, choice);
  const short = count < group.minimum;
  const mine = within(group, choice);
  const taken = (modifier: Modifier) => mine.find(({ modifier_id }) => modifier_id === modifier.id);
  const tap = (modifier: Modifier, portion: Portion = "whole") => onChange(toggled(group, choice, modifier.id, find, portion));
  return (
    <fieldset class="group">
      <legend>
        <strong>{group.name}</strong>
        <span>{rule(group)}</span>
        {group.minimum > 0 && <b class={short ? "required" : "required met"}>{short ? t("item.required") : <Icon name="check" size={16} />}</b>}
      </legend>
      <div class="options" role={single ? "radiogroup" : "group"} aria-label={group.name}>
        {group.modifiers.map((modifier) => {
          const at = taken(modifier);
          const full = !single && at === undefined && count >= group.maximum;
          return group.halves ? (
            <HalfOption key={modifier.id} modifier={modifier} at={at} full={full} onTap={(portion) => tap(modifier, portion)} />
          ) : (
            <button key={modifier.id} type="button" role={single ? "radio" : "checkbox"} aria-checked={at !== undefined} disabled={full} onClick={() => tap(modifier)}>
              <span class="mark">{at !== undefined && <Icon name="check" size={18} />}</span>
              <span class="name">{modifier.name}</span>
              <span class="price">{surcharge(modifier)}</span>
            </button>
          );
        })}
      </div>
      {mine.map((at) => (
        <Below key={at.modifier_id} group={group} at={at} find={find} onChange={(below) => onChange(withBelow(choice, at, below))} />
      ))}
    </fieldset>
  );
}

interface HalfProps {
  readonly modifier: Modifier;
  readonly at: ChosenModifier | undefined;
  readonly full: boolean;
  readonly onTap: (portion: Portion) => void;
}

const PORTIONS: readonly Portion[] = ["left", "whole", "right"];

/** A modifier that may be for a half: one tap for either half or for the whole. */
function HalfOption({ modifier, at, full, onTap }: HalfProps) {
  return (
    <div class="half" role="group" aria-label={modifier.name}>
      <span class="name">{modifier.name}</span>
      <span class="price">{surcharge(modifier)}</span>
      <span class="portions">
        {PORTIONS.map((portion) => (
          <button
            key={portion}
            type="button"
            role="checkbox"
            aria-checked={at !== undefined && (at.portion ?? "whole") === portion}
            aria-label={`${modifier.name}: ${t(`item.portion.${portion}`)}`}
            disabled={full}
            onClick={() => onTap(portion)}
          >
            {t(`item.portion.${portion}`)}
          </button>
        ))}
      </span>
    </div>
  );
}

interface BelowProps {
  readonly group: ModifierGroup;
  readonly at: ChosenModifier;
  readonly find: Groups;
  readonly onChange: (below: Choice) => void;
}

/** The questions that a chosen modifier brings with it. */
function Below({ group, at, find, onChange }: BelowProps) {
  const modifier = group.modifiers.find(({ id }) => id === at.modifier_id);
  const groups = groupsOf(modifier?.group_ids ?? [], find);
  if (modifier === undefined || groups.length === 0) return null;
  return (
    <div class="below" role="group" aria-label={modifier.name}>
      <h3>{modifier.name}</h3>
      {groups.map((each) => (
        <GroupChoice key={each.id} group={each} choice={at.modifiers ?? []} find={find} onChange={onChange} />
      ))}
    </div>
  );
}
