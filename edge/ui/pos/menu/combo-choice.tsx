/** The components of a combo: for each slot so many of its items, each with its own questions. */

import type { ChosenComponent, ComboSlot, MenuItem } from "@comanda/ui/generated/wire.ts";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { device, money, t } from "../state.ts";
import { groupsOf, initialChoice, missingGroup, type Choice, type Groups } from "./choice.ts";
import { GroupChoice } from "./group-choice.tsx";
import { offered } from "./offer.ts";

interface Props {
  readonly item: MenuItem;
  readonly components: readonly ChosenComponent[];
  readonly find: Groups;
  readonly onChange: (components: readonly ChosenComponent[]) => void;
}

function itemOf(id: string): MenuItem | undefined {
  return device.menu.value.items.find((item) => item.id === id);
}

/** What leaves no choice is chosen at first. */
export function initialComponents(item: MenuItem, find: Groups): ChosenComponent[] {
  return item.slots.flatMap((slot) => (slot.choices.length === slot.minimum ? slot.choices.map(({ item_id }) => component(slot, item_id, find)) : []));
}

function component(slot: ComboSlot, itemId: string, find: Groups): ChosenComponent {
  const groups = groupsOf(itemOf(itemId)?.modifier_group_ids ?? [], find);
  return { slot_id: slot.id, item_id: itemId, modifiers: [...initialChoice(groups, null, find)] };
}

/** The name of what is still asked for, or null. */
export function missingComponent(item: MenuItem, components: readonly ChosenComponent[], find: Groups): string | null {
  for (const slot of item.slots) {
    const mine = components.filter(({ slot_id }) => slot_id === slot.id);
    if (mine.length < slot.minimum) return slot.name;
    for (const each of mine) {
      const missing = missingGroup(groupsOf(itemOf(each.item_id)?.modifier_group_ids ?? [], find), each.modifiers ?? [], find);
      if (missing !== null) return missing.name;
    }
  }
  return null;
}

export function ComboChoice({ item, components, find, onChange }: Props) {
  const tap = (slot: ComboSlot, itemId: string) => {
    const mine = components.filter(({ slot_id }) => slot_id === slot.id);
    const known = mine.find(({ item_id }) => item_id === itemId);
    if (known !== undefined) onChange(components.filter((each) => each !== known));
    else if (slot.maximum === 1) onChange([...components.filter(({ slot_id }) => slot_id !== slot.id), component(slot, itemId, find)]);
    else if (mine.length < slot.maximum) onChange([...components, component(slot, itemId, find)]);
  };
  const below = (at: ChosenComponent, choice: Choice) => onChange(components.map((each) => (each === at ? { ...each, modifiers: [...choice] } : each)));
  return (
    <>
      {item.slots.map((slot) => (
        <Slot key={slot.id} slot={slot} mine={components.filter(({ slot_id }) => slot_id === slot.id)} find={find} onTap={(id) => tap(slot, id)} onBelow={below} />
      ))}
    </>
  );
}

interface SlotProps {
  readonly slot: ComboSlot;
  readonly mine: readonly ChosenComponent[];
  readonly find: Groups;
  readonly onTap: (itemId: string) => void;
  readonly onBelow: (at: ChosenComponent, choice: Choice) => void;
}

function Slot({ slot, mine, find, onTap, onBelow }: SlotProps) {
  const single = slot.maximum === 1;
  const short = mine.length < slot.minimum;
  return (
    <fieldset class="group">
      <legend>
        <strong>{slot.name}</strong>
        <span>{slot.minimum === slot.maximum ? t("item.choose.exact", { minimum: slot.minimum }) : t("item.choose.between", slotBounds(slot))}</span>
        {slot.minimum > 0 && <b class={short ? "required" : "required met"}>{short ? t("item.required") : <Icon name="check" size={16} />}</b>}
      </legend>
      <div class="options" role={single ? "radiogroup" : "group"} aria-label={slot.name}>
        {slot.choices.map(({ item_id, extra_minor }) => {
          const on = mine.some((each) => each.item_id === item_id);
          const why = offered(item_id)?.unavailable ?? "";
          return (
            <button
              key={item_id}
              type="button"
              role={single ? "radio" : "checkbox"}
              aria-checked={on}
              disabled={!on && (why !== "" || (!single && mine.length >= slot.maximum))}
              onClick={() => onTap(item_id)}
            >
              <span class="mark">{on && <Icon name="check" size={18} />}</span>
              <span class="name">{itemOf(item_id)?.name ?? item_id}</span>
              <span class="price">{why !== "" ? t(`menu.off.${why}`) : extra_minor > 0 ? `+${money(extra_minor)}` : ""}</span>
            </button>
          );
        })}
      </div>
      {mine.map((at) => (
        <Questions key={at.item_id} at={at} find={find} onChange={(choice) => onBelow(at, choice)} />
      ))}
    </fieldset>
  );
}

function slotBounds({ minimum, maximum }: ComboSlot) {
  return { minimum, maximum };
}

function Questions({ at, find, onChange }: { readonly at: ChosenComponent; readonly find: Groups; readonly onChange: (choice: Choice) => void }) {
  const item = itemOf(at.item_id);
  const groups = groupsOf(item?.modifier_group_ids ?? [], find);
  if (item === undefined || groups.length === 0) return null;
  return (
    <div class="below" role="group" aria-label={item.name}>
      <h3>{item.name}</h3>
      {groups.map((group) => (
        <GroupChoice key={group.id} group={group} choice={at.modifiers ?? []} find={find} onChange={onChange} />
      ))}
    </div>
  );
}
