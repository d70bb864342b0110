/** A choice of modifiers stays within the bounds of its groups, at every depth and in halves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineModifier, Modifier, ModifierGroup } from "@comanda/ui/generated/wire.ts";
import { chosenModifiers, countOf, initialChoice, missingGroup, toggled, withBelow, type Choice } from "../menu/choice.ts";

const modifier = (id: string, fields: Partial<Modifier> = {}): Modifier => ({
  id, name: id, price_minor: 0, names: {}, prices: [], group_ids: [], is_default: false, allergens: [], ingredients: [], ...fields,
});
const group = (id: string, minimum: number, maximum: number, modifiers: Modifier[], fields: Partial<ModifierGroup> = {}): ModifierGroup => ({
  id, name: id, minimum, maximum, modifiers, names: {}, included: 0, halves: false, half_price: "half", ...fields,
});

const SIZE = group("size", 1, 1, [modifier("s"), modifier("l")]);
const EXTRA = group("extra", 0, 2, [modifier("a"), modifier("b"), modifier("c")]);
const ICE = group("ice", 1, 1, [modifier("none"), modifier("much")]);
const DRINK = group("drink", 1, 1, [modifier("cola", { group_ids: ["ice"] }), modifier("beer")]);
const TOPPING = group("topping", 0, 2, [modifier("ham"), modifier("egg"), modifier("corn")], { halves: true });
const find = (id: string) => [SIZE, EXTRA, ICE, DRINK, TOPPING].find((each) => each.id === id);
const ids = (choice: Choice): string[] => choice.flatMap((each) => [each.modifier_id, ...ids(each.modifiers ?? [])]);
const all = (...taps: [ModifierGroup, string, ("left" | "whole" | "right")?][]): Choice =>
  taps.reduce<Choice>((choice, [at, id, portion]) => toggled(at, choice, id, find, portion), []);

test("a single choice is replaced, a full group takes no more, a second tap takes away", () => {
  assert.deepEqual(ids(all([SIZE, "s"], [SIZE, "l"])), ["l"]);
  assert.deepEqual(ids(all([SIZE, "l"], [SIZE, "l"])), ["l"]);
  assert.deepEqual(ids(all([EXTRA, "a"], [EXTRA, "b"], [EXTRA, "c"])), ["a", "b"]);
  assert.deepEqual(ids(all([EXTRA, "a"], [EXTRA, "b"], [EXTRA, "a"])), ["b"]);
});

test("what is asked for at any depth is missing until it is chosen", () => {
  assert.equal(missingGroup([SIZE, EXTRA], initialChoice([SIZE, EXTRA], null, find), find)?.id, "size");
  const cola = all([DRINK, "cola"]);
  assert.equal(missingGroup([DRINK], cola, find)?.id, "ice");
  const [at] = cola;
  assert.ok(at);
  const iced = withBelow(cola, at, toggled(ICE, [], "none", find));
  assert.equal(missingGroup([DRINK], iced, find), null);
  assert.deepEqual(chosenModifiers([DRINK], iced), [{ group_id: "drink", modifier_id: "cola", modifiers: [{ group_id: "ice", modifier_id: "none" }] }]);
});

test("two halves are as much as a whole", () => {
  const halves = all([TOPPING, "ham", "left"], [TOPPING, "egg", "right"]);
  assert.equal(countOf(TOPPING, halves), 1);
  assert.deepEqual(ids(all([TOPPING, "ham"], [TOPPING, "egg", "left"], [TOPPING, "corn"])), ["ham", "egg"]);
  assert.deepEqual(all([TOPPING, "ham", "left"], [TOPPING, "ham", "right"]).map(({ portion }) => portion), ["right"]);
});

test("what is meant by default is chosen at first", () => {
  const side = group("side", 0, 2, [modifier("fries", { is_default: true }), modifier("rice")]);
  assert.deepEqual(ids(initialChoice([side], null, find)), ["fries"]);
});

test("a line tells its choice flat, and the dialog makes the tree of it again", () => {
  const flat = [["drink", "cola", 0], ["ice", "none", 1], ["extra", "a", 0]] as const;
  const line = flat.map(([group_id, modifier_id, depth]): LineModifier => ({ group_id, modifier_id, depth, name: modifier_id, price_minor: 0, portion: "whole", ingredients: [] }));
  const tree = initialChoice([DRINK, EXTRA], line, find);
  assert.deepEqual(ids(tree), ["cola", "none", "a"]);
  assert.deepEqual(tree.map(({ modifier_id }) => modifier_id), ["cola", "a"]);
});

test("the command tells groups in the order of the menu", () => {
  const choice = all([EXTRA, "c"], [SIZE, "l"], [EXTRA, "a"]);
  assert.deepEqual(chosenModifiers([SIZE, EXTRA], choice).map(({ modifier_id }) => modifier_id), ["l", "c", "a"]);
});
