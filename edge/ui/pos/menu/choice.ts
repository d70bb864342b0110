/** Which modifiers are chosen, kept within the bounds of their groups. Pure; the box checks again. */

import type { ChosenModifier, LineModifier, ModifierGroup } from "@comanda/ui/generated/wire.ts";

/** Chosen modifier ids by group id. */
export type Choice = Readonly<Record<string, readonly string[]>>;

/** What a line has, or for a new one what leaves no choice. */
export function initialChoice(groups: readonly ModifierGroup[], taken: readonly LineModifier[] | null): Choice {
  return Object.fromEntries(
    groups.map((group) => {
      if (taken !== null) return [group.id, taken.filter(({ group_id }) => group_id === group.id).map(({ modifier_id }) => modifier_id)];
      const forced = group.minimum === group.modifiers.length ? group.modifiers.map(({ id }) => id) : [];
      return [group.id, forced];
    }),
  );
}

/** `chosen` after a tap on `id`: a single choice is replaced, a full group takes no more. */
export function toggled(group: ModifierGroup, chosen: readonly string[], id: string): readonly string[] {
  if (chosen.includes(id)) return group.minimum === 1 && group.maximum === 1 ? chosen : chosen.filter((other) => other !== id);
  if (group.maximum === 1) return [id];
  return chosen.length < group.maximum ? [...chosen, id] : chosen;
}

/** The first group that asks for more, or null. */
export function missingGroup(groups: readonly ModifierGroup[], choice: Choice): ModifierGroup | null {
  return groups.find((group) => (choice[group.id]?.length ?? 0) < group.minimum) ?? null;
}

/** For the command: in the order of the menu. */
export function chosenModifiers(groups: readonly ModifierGroup[], choice: Choice): ChosenModifier[] {
  return groups.flatMap((group) =>
    group.modifiers.filter(({ id }) => choice[group.id]?.includes(id)).map(({ id }) => ({ group_id: group.id, modifier_id: id })),
  );
}
