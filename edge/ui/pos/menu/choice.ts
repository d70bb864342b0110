/** Which modifiers are chosen, at every depth, kept within the bounds of their groups. Pure; the box checks again and knows the prices. */

import type { ChosenModifier, LineModifier, Modifier, ModifierGroup } from "@comanda/ui/generated/wire.ts";

/** Chosen modifiers in the order of choice; each carries what was chosen below it. */
export type Choice = readonly ChosenModifier[];
export type Portion = "whole" | "left" | "right";

/** Finds a group of the menu by its id. */
export type Groups = (id: string) => ModifierGroup | undefined;

export function groupsOf(ids: readonly string[], find: Groups): ModifierGroup[] {
  return ids.flatMap((id) => find(id) ?? []);
}

/** What a line has, or for a new one what is meant by default and what leaves no choice. */
export function initialChoice(groups: readonly ModifierGroup[], taken: readonly LineModifier[] | null, find: Groups): Choice {
  if (taken !== null) return treeOf(taken);
  return groups.flatMap((group) => {
    const forced = group.minimum === group.modifiers.length ? group.modifiers : group.modifiers.filter((modifier) => modifier.is_default);
    return forced.slice(0, group.maximum).map((modifier) => chosen(group, modifier, "whole", find));
  });
}

function chosen(group: ModifierGroup, modifier: Modifier, portion: Portion, find: Groups): ChosenModifier {
  const below = initialChoice(groupsOf(modifier.group_ids, find), null, find);
  return { group_id: group.id, modifier_id: modifier.id, ...(portion === "whole" ? {} : { portion }), ...(below.length === 0 ? {} : { modifiers: [...below] }) };
}

/** A line tells its modifiers flat, each with its depth, in the order of the tree. */
function treeOf(flat: readonly LineModifier[]): ChosenModifier[] {
  const roots: ChosenModifier[] = [];
  const open: { depth: number; below: ChosenModifier[] }[] = [{ depth: -1, below: roots }];
  for (const { group_id, modifier_id, portion, depth } of flat) {
    while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
    const below: ChosenModifier[] = [];
    open.at(-1)?.below.push({ group_id, modifier_id, portion, modifiers: below });
    open.push({ depth, below });
  }
  return roots;
}

/** The choices of one group. */
export function within(group: ModifierGroup, choice: Choice): Choice {
  return choice.filter(({ group_id }) => group_id === group.id);
}

/** How many of the group are chosen; a half counts half. */
export function countOf(group: ModifierGroup, choice: Choice): number {
  return within(group, choice).reduce((sum, { portion = "whole" }) => sum + (portion === "whole" ? 1 : 0.5), 0);
}

/** The choice after a tap on a modifier: a single choice is replaced, a full group takes no more, a second tap takes it away. */
export function toggled(group: ModifierGroup, choice: Choice, id: string, find: Groups, portion: Portion = "whole"): Choice {
  const modifier = group.modifiers.find((each) => each.id === id);
  const known = within(group, choice).find(({ modifier_id }) => modifier_id === id);
  if (modifier === undefined) return choice;
  const without = choice.filter((each) => each !== known);
  if (known !== undefined && (known.portion ?? "whole") === portion) return group.minimum === 1 && group.maximum === 1 ? choice : without;
  const added = chosen(group, modifier, portion, find);
  if (known !== undefined) {
    const instead = choice.map((each) => (each === known ? { ...added, modifiers: known.modifiers ?? [] } : each));
    return countOf(group, instead) <= group.maximum ? instead : choice;
  }
  if (group.maximum === 1 && portion === "whole") return [...choice.filter(({ group_id }) => group_id !== group.id), added];
  const more = [...choice, added];
  return countOf(group, more) <= group.maximum ? more : choice;
}

/** The choice with what was chosen below one of its modifiers replaced. */
export function withBelow(choice: Choice, at: ChosenModifier, below: Choice): Choice {
  return choice.map((each) => (each === at ? { ...each, modifiers: [...below] } : each));
}

/** The first group, at any depth, that asks for more; null when all have enough. */
export function missingGroup(groups: readonly ModifierGroup[], choice: Choice, find: Groups): ModifierGroup | null {
  for (const group of groups) {
    if (countOf(group, choice) < group.minimum) return group;
    for (const each of within(group, choice)) {
      const modifier = group.modifiers.find(({ id }) => id === each.modifier_id);
      const missing = missingGroup(groupsOf(modifier?.group_ids ?? [], find), each.modifiers ?? [], find);
      if (missing !== null) return missing;
    }
  }
  return null;
}

/** For the command: groups in the order of the menu, within a group in the order of choice. */
export function chosenModifiers(groups: readonly ModifierGroup[], choice: Choice): ChosenModifier[] {
  return groups.flatMap((group) => within(group, choice));
}
