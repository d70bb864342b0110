/** One line of a check, as the box has it or on its way there. */

import { Icon } from "@comanda/ui/elements/icon.tsx";
import type { AddLine, ChosenModifier, LineModifier, LineView } from "@comanda/ui/generated/wire.ts";
import { device, money, t } from "../state.ts";

interface Props {
  readonly line: LineView;
  readonly voiding: boolean;
  readonly sending: boolean;
  readonly onEdit: () => void;
}

export function HeldOrSentLine({ line, voiding, sending, onEdit }: Props) {
  const held = line.status === "held";
  const going = held && sending;
  const waits = held && line.on_hold && !going;
  const state = voiding ? t("line.voiding") : going ? t("check.sending") : waits ? t("line.onhold") : held ? t("line.held") : t("line.sent");
  const inside = (
    <>
      <span class="quantity">{line.weight === "" ? line.quantity : ""}</span>
      <span class="what">
        <strong>{line.name}</strong>
        <Serving line={line} />
        {line.modifiers.length > 0 && <span class="modifiers">{line.modifiers.map(modifierText).join(", ")}</span>}
        {line.note !== "" && <Note text={line.note} />}
        <span class="state">
          {!held && <Icon name="check" size={14} />}
          {(going || waits) && <Icon name="clock" size={14} />}
          {state}
        </span>
      </span>
      <span class="amount">
        {money(line.price_minor)}
        {line.price_minor !== line.amount_minor && <s>{money(line.amount_minor)}</s>}
      </span>
    </>
  );
  if (voiding || going || line.share !== null) return <li class={voiding ? "line voiding" : `line ${line.status}`}>{inside}</li>;
  return (
    <li>
      <button class={`line ${line.status}`} type="button" aria-label={t(held ? "line.edit" : "line.about", { name: line.name })} onClick={onEdit}>
        {inside}
      </button>
    </li>
  );
}

/** For whom and when: seat, course, combo, weight, share. */
function Serving({ line }: { readonly line: LineView }) {
  const course = device.menu.value.courses.find(({ id }) => id === line.course)?.name ?? line.course;
  const parts = [
    line.seat === 0 ? "" : t("serving.seat.numbered", { n: line.seat }),
    course,
    line.combo?.name ?? "",
    line.weight === "" ? "" : `${line.weight} ${line.weight_unit}`,
    line.share === null ? "" : t("line.share", { part: line.share.part }),
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : <span class="modifiers">{parts.join(" · ")}</span>;
}

function modifierText({ name, portion }: LineModifier): string {
  return portion === "whole" ? name : `${name} (${t(`item.portion.${portion}`)})`;
}

/** A line that only this tablet knows: no sum is shown for it. */
export function PendingLine({ line }: { readonly line: AddLine }) {
  const menu = device.menu.value;
  const names = namesOf(line.modifiers ?? []);
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

function namesOf(chosen: readonly ChosenModifier[]): string[] {
  const groups = device.menu.value.modifier_groups;
  return chosen.flatMap(({ group_id, modifier_id, modifiers = [] }) => {
    const name = groups.find(({ id }) => id === group_id)?.modifiers.find(({ id }) => id === modifier_id)?.name ?? modifier_id;
    return [name, ...namesOf(modifiers)];
  });
}

function Note({ text }: { readonly text: string }) {
  return (
    <span class="note">
      <Icon name="note" size={14} />
      {text}
    </span>
  );
}
