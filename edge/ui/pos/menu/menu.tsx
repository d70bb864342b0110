/** The menu beside a check: categories, search, items as large tiles. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import type { MenuItem } from "@comanda/ui/generated/wire.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { Empty } from "../floor/floor.tsx";
import type { ScreenCheck } from "../overlay.ts";
import { device, money, serving, t, tell } from "../state.ts";
import { ItemDialog, needsDialog } from "./item-dialog.tsx";
import { offered } from "./offer.ts";
import { Serving } from "./serving.tsx";

/** Colours that tell categories apart (styles/tokens.css). */
const HUES = 8;

/** Items name a category by its id, or, in menus without a list of categories, by its name. */
function categoryName(id: string): string {
  return device.menu.value.categories.find((each) => each.id === id)?.name ?? id;
}

/** Folded for search: no case, no accents. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

export function Menu({ check }: { readonly check: ScreenCheck }) {
  const category = useSignal("");
  const query = useSignal("");
  const choosing = useSignal<MenuItem | null>(null);
  const categories = useComputed(() => [...new Set(device.menu.value.items.map((item) => item.category))]);
  const shown = useComputed(() => {
    const wanted = folded(query.value.trim());
    return device.menu.value.items.filter((item) =>
      wanted === "" ? category.value === "" || item.category === category.value : folded(`${item.name} ${categoryName(item.category)}`).includes(wanted),
    );
  });
  const choose = (item: MenuItem) => {
    if (needsDialog(item)) choosing.value = item;
    else tell(check.id, { type: "AddLine", check_id: check.id, line_id: uuid7(), item_id: item.id, ...serving.peek() });
  };
  if (device.menu.value.items.length === 0) {
    return (
      <section class="menu">
        <Empty title={device.menuLoaded.value ? t("menu.none") : t("menu.loading")} hint={device.menuLoaded.value ? t("menu.none.hint") : ""} />
      </section>
    );
  }
  return (
    <section class="menu">
      <Search query={query.value} onQuery={(text) => (query.value = text)} />
      <Serving
        covers={check.covers}
        {...serving.value}
        onSeat={(seat) => (serving.value = { ...serving.value, seat })}
        onCourse={(course) => (serving.value = { ...serving.value, course })}
      />
      <div class="categories" role="tablist">
        {["", ...categories.value].map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={query.value === "" && category.value === name}
            onClick={() => ([category.value, query.value] = [name, ""])}
          >
            {name === "" ? t("menu.all") : categoryName(name)}
          </button>
        ))}
      </div>
      <ul class="items scroll">
        {shown.value.map((item) => (
          <li key={item.id}>
            <Tile item={item} hue={(categories.value.indexOf(item.category) % HUES) + 1} onChoose={() => choose(item)} />
          </li>
        ))}
      </ul>
      {shown.value.length === 0 && <Empty title={t("menu.nothing", { query: query.value })} hint="" />}
      {choosing.value !== null && <ItemDialog checkId={check.id} covers={check.covers} item={choosing.value} line={null} onClose={() => (choosing.value = null)} />}
    </section>
  );
}

/** An item at the price in force; one that cannot be had says why and takes no tap. */
function Tile({ item, hue, onChoose }: { readonly item: MenuItem; readonly hue: number; readonly onChoose: () => void }) {
  const now = offered(item.id);
  const why = now?.unavailable ?? "";
  const left = now?.left ?? null;
  return (
    <button type="button" class={why === "" ? "item" : "item off"} style={{ "--hue": `var(--hue-${hue})` }} disabled={why !== ""} onClick={onChoose}>
      <span class="name">{item.name}</span>
      <span class="price">{now === undefined ? "" : priceText(item, now.price_minor)}</span>
      {why !== "" ? <b class="mark">{t(`menu.off.${why}`)}</b> : left !== null && <b class="mark left">{t("menu.left", { n: left })}</b>}
    </button>
  );
}

function priceText({ open_price, weighing }: MenuItem, priceMinor: number): string {
  if (open_price && priceMinor === 0) return t("menu.openprice");
  return weighing === null ? money(priceMinor) : `${money(priceMinor)} / ${weighing.unit}`;
}

function Search({ query, onQuery }: { readonly query: string; readonly onQuery: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", focus);
    return () => window.removeEventListener("keydown", focus);
  }, []);
  return (
    <label class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        enterkeyhint="search"
        autocomplete="off"
        placeholder={t("menu.search")}
        aria-label={t("menu.search")}
        value={query}
        onInput={(event) => onQuery(event.currentTarget.value)}
      />
      {query !== "" && (
        <button class="button icon" type="button" aria-label={t("menu.search.clear")} onClick={() => onQuery("")}>
          <Icon name="close" />
        </button>
      )}
    </label>
  );
}
