/**
 * What of the menu can be had now, and at which price, for the check on the screen: the box's word (`GET /v1/menu/effective`).
 *
 * Asked anew when the menu or what the site says of its items changes, and now and then, for prices that turn with the clock. What
 * was last said stands until then. There is no pricing rule here.
 */

import { computed, effect, signal } from "@preact/signals";
import { second } from "@comanda/ui/clock.ts";
import { LIMITS, type EffectiveItem, type EffectiveMenu, type ModifierGroup } from "@comanda/ui/generated/wire.ts";
import { current, device } from "../state.ts";

interface Offer {
  readonly diningOption: string;
  readonly items: ReadonlyMap<string, EffectiveItem>;
  /** Prices of modifiers by group and modifier. */
  readonly modifiers: ReadonlyMap<string, number>;
}

const offers = signal<ReadonlyMap<string, Offer>>(new Map());

/** The question for what a new check is offered; a check of its own price level or dining option asks for these. */
const USUAL = "";

const question = computed(() => {
  const view = current.value?.view ?? null;
  if (view === null) return USUAL;
  const isUsual = view.price_level === "" && offers.value.get(USUAL)?.diningOption === view.dining_option;
  return isUsual ? USUAL : new URLSearchParams({ dining_option: view.dining_option, price_level: view.price_level }).toString();
});

const offer = computed(() => offers.value.get(question.value));

/** An item as it is offered now; nothing while the box has not said so. */
export function offered(itemId: string): EffectiveItem | undefined {
  return offer.value?.items.get(itemId);
}

/** A group of the menu with the prices in force. */
export function groupInForce(id: string): ModifierGroup | undefined {
  const group = device.menu.value.modifier_groups.find((each) => each.id === id);
  const known = offer.value?.modifiers;
  if (group === undefined || known === undefined) return group;
  return { ...group, modifiers: group.modifiers.map((each) => ({ ...each, price_minor: known.get(`${id} ${each.id}`) ?? each.price_minor })) };
}

function readOffer({ dining_option, items, modifier_groups }: EffectiveMenu): Offer {
  return {
    diningOption: dining_option,
    items: new Map(items.map((item) => [item.id, item])),
    modifiers: new Map(modifier_groups.flatMap((group) => group.modifiers.map((each) => [`${group.id} ${each.id}`, each.price_minor] as const))),
  };
}

async function ask(query: string): Promise<void> {
  try {
    const answer = await fetch(`/v1/menu/effective?${query}`, { signal: AbortSignal.timeout(LIMITS.UI_COMMAND_TIMEOUT_S * 1_000) });
    if (!answer.ok) throw new Error(`GET /v1/menu/effective answered ${answer.status}`);
    const { menu } = (await answer.json()) as { readonly menu: EffectiveMenu };
    // What was said for another check may be old by now: it is asked for when that check is shown.
    offers.value = new Map([...(query === USUAL ? [] : [...offers.value].filter(([key]) => key === USUAL)), [query, readOffer(menu)]]);
  } catch (error) {
    console.warn("what is in force of the menu could not be loaded", error); // it is asked again before long
  }
}

let asking = false;
let wanted: string | null = null;

/** One question at a time; what is wanted meanwhile is asked once, afterwards. */
async function askSoon(query: string): Promise<void> {
  wanted = query;
  if (asking) return;
  asking = true;
  while (wanted !== null) {
    const next: string = wanted;
    wanted = null;
    await ask(next);
  }
  asking = false;
}

const turn = computed(() => Math.floor(second.value / LIMITS.UI_OFFER_REFRESH_S));

effect(() => {
  void [device.live.site.value.menu_version, device.live.overridesHeard.value, turn.value];
  if (device.feed.state.value === "live") void askSoon(question.value);
});
