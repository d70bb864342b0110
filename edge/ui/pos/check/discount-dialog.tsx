/** What is taken off: discounts by the menu's rules for the check or some of its lines, lines on the house, and taking these back. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { LIMITS, type CheckView, type Command } from "@comanda/ui/generated/wire.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { device, money, t, tell } from "../state.ts";
import { lineKey, movable } from "./split.ts";

interface Props {
  readonly view: CheckView;
  readonly onClose: () => void;
}

/** What is chosen to be given: a rule of the menu, or lines on the house. */
type Gift = { readonly kind: "rule"; readonly id: string } | { readonly kind: "comp" } | null;

export function DiscountDialog({ view, onClose }: Props) {
  const lines = useSignal<ReadonlySet<string>>(new Set());
  const gift = useSignal<Gift>(null);
  const reason = useSignal("");
  const { discounts, reasons } = device.menu.value.rules;
  const forLines = lines.value.size > 0;
  const rules = discounts.filter(({ scope }) => scope === (forLines ? "item" : "order"));
  const comps = reasons.filter(({ kind }) => kind === "comp");
  const choose = (key: string | null) => {
    const next = new Set(key === null ? [] : lines.value);
    if (key !== null && !next.delete(key)) next.add(key);
    [lines.value, gift.value] = [next, null];
  };
  const give = () => {
    const chosen = gift.value;
    if (chosen === null) return;
    const given = { check_id: view.check_id, discount_id: uuid7(), line_ids: [...lines.value] };
    const command: Command =
      chosen.kind === "comp" ? { type: "CompLines", ...given, reason: reason.value.trim() } : { type: "GiveDiscount", ...given, rule_id: chosen.id };
    if (tell(view.check_id, command)) onClose();
  };
  const ready = gift.value !== null && (gift.value.kind === "rule" || reason.value.trim() !== "");
  return (
    <Dialog
      wide
      title={t("discount.title")}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <button class="button large primary grow" type="button" disabled={!ready} onClick={give}>
          {t("discount.give")}
        </button>
      }
    >
      <Given view={view} />
      <h3 class="heading">{t("discount.of")}</h3>
      <div class="chips wrap" role="group" aria-label={t("discount.of")}>
        <button type="button" role="checkbox" aria-checked={!forLines} onClick={() => choose(null)}>
          {t("discount.all")}
        </button>
        {movable(view.lines).map((line) => (
          <button key={line.line_id} type="button" role="checkbox" aria-checked={lines.value.has(lineKey(line))} onClick={() => choose(lineKey(line))}>
            {line.quantity > 1 && `${line.quantity} `}
            {line.combo?.name ?? line.name}
          </button>
        ))}
      </div>
      <h3 class="heading">{t("discount.what")}</h3>
      {rules.length === 0 && !forLines && <p class="about">{t("discount.none")}</p>}
      <div class="chips wrap" role="radiogroup" aria-label={t("discount.what")}>
        {rules.map((rule) => (
          <button
            key={rule.id}
            type="button"
            role="radio"
            aria-checked={gift.value?.kind === "rule" && gift.value.id === rule.id}
            onClick={() => (gift.value = { kind: "rule", id: rule.id })}
          >
            {rule.name} {rule.rate === "" ? `−${money(rule.amount_minor)}` : `−${rule.rate}`}
            {rule.needs_approval && <small>{t("discount.manager")}</small>}
          </button>
        ))}
        {forLines && (
          <button type="button" role="radio" aria-checked={gift.value?.kind === "comp"} onClick={() => (gift.value = { kind: "comp" })}>
            {t("discount.comp")} <small>{t("discount.manager")}</small>
          </button>
        )}
      </div>
      {gift.value?.kind === "comp" && comps.length > 0 && (
        <>
          <h3 class="heading">{t("void.reason")}</h3>
          <div class="chips wrap" role="radiogroup" aria-label={t("void.reason")}>
            {comps.map(({ id, name }) => (
              <button key={id} type="button" role="radio" aria-checked={reason.value === id} onClick={() => (reason.value = id)}>
                {name}
              </button>
            ))}
          </div>
        </>
      )}
      {gift.value?.kind === "comp" && comps.length === 0 && (
        <label class="note-field">
          <span>{t("void.reason")}</span>
          <input type="text" autocomplete="off" maxLength={LIMITS.NOTE_LENGTH_MAX} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
        </label>
      )}
    </Dialog>
  );
}

/** What somebody has given already, each to be taken back; promotions give and take themselves. */
function Given({ view }: { readonly view: CheckView }) {
  const given = view.discounts.filter(({ given: { scope } }) => scope !== "promotion");
  if (given.length === 0) return null;
  const takeBack = (discount_id: string) => tell(view.check_id, { type: "RemoveDiscount", check_id: view.check_id, discount_id });
  return (
    <ul class="given-discounts">
      {given.map(({ given: { discount_id, name }, applied_minor }) => (
        <li key={discount_id}>
          <span>{name}</span>
          <span>−{money(applied_minor)}</span>
          <button class="button" type="button" aria-label={t("discount.remove.named", { name })} onClick={() => void takeBack(discount_id)}>
            <Icon name="bin" size={20} /> {t("discount.remove")}
          </button>
        </li>
      ))}
    </ul>
  );
}
