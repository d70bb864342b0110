/** One line of a check, as the box has it or on its way there. */

import { Icon } from "@comanda/ui/elements/icon.tsx";
import type { AddLine, LineView } from "@comanda/ui/generated/wire.ts";
import { device, money, t } from "../state.ts";

interface Props {
  readonly line: LineView;
  readonly voiding: boolean;
  readonly sending: boolean;
  readonly onEdit: () => void;
}

export function HeldOrSentLine({ line, voiding, sending, onEdit }: Props) {
  const held = line.status === "held";
  const state = voiding ? t("line.voiding") : held && sending ? t("check.sending") : held ? t("line.held") : t("line.sent");
  const inside = (
    <>
      <span class="quantity">{line.quantity}</span>
      <span class="what">
        <strong>{line.name}</strong>
        {line.modifiers.length > 0 && <span class="modifiers">{line.modifiers.map(({ name }) => name).join(", ")}</span>}
        {line.note !== "" && <Note text={line.note} />}
        <span class="state">
          {!held && <Icon name="check" size={14} />}
          {held && sending && <Icon name="clock" size={14} />}
          {state}
        </span>
      </span>
      <span class="amount">{money(line.amount_minor)}</span>
    </>
  );
  if (!held || voiding || sending) return <li class={voiding ? "line voiding" : `line ${line.status}`}>{inside}</li>;
  return (
    <li>
      <button class="line held" type="button" aria-label={t("line.edit", { name: line.name })} onClick={onEdit}>
        {inside}
      </button>
    </li>
  );
}

/** A line that only this tablet knows: no sum is shown for it. */
export function PendingLine({ line }: { readonly line: AddLine }) {
  const menu = device.menu.value;
  const names = (line.modifiers ?? []).map(
    (chosen) =>
      menu.modifier_groups.find(({ id }) => id === chosen.group_id)?.modifiers.find(({ id }) => id === chosen.modifier_id)?.name ?? chosen.modifier_id,
  );
  return (
    <li class="line pending">
      <span class="quantity">{line.quantity ?? 1}</span>
      <span class="what">
        <strong>{menu.items.find(({ id }) => id === line.item_id)?.name ?? line.item_id}</strong>
        {names.length > 0 && <span class="modifiers">{names.join(", ")}</span>}
        {line.note !== undefined && line.note !== "" && <Note text={line.note} />}
        <span class="state">
          <Icon name="clock" size={14} />
          {t("line.pending")}
        </span>
      </span>
      <span class="amount">…</span>
    </li>
  );
}

function Note({ text }: { readonly text: string }) {
  return (
    <span class="note">
      <Icon name="note" size={14} />
      {text}
    </span>
  );
}
