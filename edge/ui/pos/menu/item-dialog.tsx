/** An item about to be ordered, or a held line being changed: what is chosen within its bounds, quantity, seat, course, note. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { Stepper } from "@comanda/ui/elements/stepper.tsx";
import { LIMITS, type AddLine, type ChangeLine, type ChosenComponent, type LineView, type MenuItem } from "@comanda/ui/generated/wire.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { minorOf } from "@comanda/ui/money.ts";
import { device, serving, t, tell } from "../state.ts";
import { chosenModifiers, groupsOf, initialChoice, missingGroup, type Choice, type Groups } from "./choice.ts";
import { ComboChoice, initialComponents, missingComponent } from "./combo-choice.tsx";
import { GroupChoice } from "./group-choice.tsx";
import { groupInForce } from "./offer.ts";
import { Serving } from "./serving.tsx";

interface Props {
  readonly checkId: string;
  readonly covers: number;
  readonly item: MenuItem;
  /** The held line that is being changed, or null for a new one. */
  readonly line: LineView | null;
  readonly onClose: () => void;
}

/** Whether something has to be asked before the item can be ordered. */
export function needsDialog(item: MenuItem): boolean {
  return item.modifier_group_ids.length > 0 || item.slots.length > 0 || item.weighing !== null || item.open_price;
}

const find: Groups = groupInForce;
const WEIGHT = /^\d{1,6}([.,]\d{1,3})?$/;

export function ItemDialog({ checkId, covers, item, line, onClose }: Props) {
  // A component of a combo is changed with its combo: by voiding it and ordering another.
  const groups = line?.combo ? [] : groupsOf(item.modifier_group_ids, find);
  const choice = useSignal<Choice>(initialChoice(groups, line?.modifiers ?? null, find));
  const components = useSignal<readonly ChosenComponent[]>(line === null ? initialComponents(item, find) : []);
  const quantity = useSignal(line?.quantity ?? 1);
  const note = useSignal(line?.note ?? "");
  const weight = useSignal(line?.weight ?? "");
  const price = useSignal("");
  const seat = useSignal(line?.seat ?? serving.value.seat);
  const course = useSignal(line?.course ?? serving.value.course);
  const priceMinor = minorOf(price.value, device.live.site.value.currency);
  const isNew = line === null;
  const missing =
    (isNew ? missingComponent(item, components.value, find) : null) ??
    missingGroup(groups, choice.value, find)?.name ??
    (item.weighing !== null && !WEIGHT.test(weight.value) ? t("item.weight") : null) ??
    (isNew && item.open_price && priceMinor === null ? t("item.price") : null);
  const served = { quantity: quantity.value, note: note.value.trim(), seat: seat.value };
  const weighed = item.weighing === null ? {} : { weight: weight.value.replace(",", ".") };
  const added = (): AddLine => ({
    type: "AddLine", check_id: checkId, line_id: uuid7(), item_id: item.id, ...served, ...weighed, course: course.value,
    modifiers: chosenModifiers(groups, choice.value), components: [...components.value],
    ...(item.open_price && priceMinor !== null ? { unit_price_minor: priceMinor } : {}),
  });
  const changed = (of: LineView): ChangeLine => ({
    type: "ChangeLine", check_id: checkId, line_id: of.combo?.combo_id ?? of.line_id, ...served, ...weighed, course: course.value,
    ...(of.combo === null ? { line_revision: of.revision, modifiers: chosenModifiers(groups, choice.value) } : {}),
  });
  const save = () => {
    if (tell(checkId, isNew ? added() : changed(line))) onClose();
  };
  const remove = () => {
    if (line !== null && tell(checkId, { type: "VoidLine", check_id: checkId, line_id: line.combo?.combo_id ?? line.line_id })) onClose();
  };
  return (
    <Dialog
      wide
      title={item.name}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <>
          <Stepper
            label={t("item.quantity")}
            less={t("item.less")}
            more={t("item.more")}
            value={quantity.value}
            minimum={1}
            maximum={item.weighing === null ? LIMITS.QUANTITY_MAX : 1}
            onChange={(value) => (quantity.value = value)}
          />
          {line !== null && (
            <button class="button large danger" type="button" onClick={remove}>
              <Icon name="bin" /> {t("item.void")}
            </button>
          )}
          <button class="button large primary grow" type="button" disabled={missing !== null} onClick={save}>
            {missing !== null ? t("item.missing", { group: missing }) : isNew ? t("item.add") : t("item.save")}
          </button>
        </>
      }
    >
      {item.weighing !== null && (
        <Field label={`${t("item.weight")} (${item.weighing.unit})`} value={weight.value} onValue={(text) => (weight.value = text)} placeholder="0.250" decimal />
      )}
      {isNew && item.open_price && <Field label={t("item.price")} value={price.value} onValue={(text) => (price.value = text)} placeholder="0.00" decimal />}
      {isNew && item.slots.length > 0 && <ComboChoice item={item} components={components.value} find={find} onChange={(next) => (components.value = next)} />}
      {groups.map((group) => (
        <GroupChoice key={group.id} group={group} choice={choice.value} find={find} onChange={(next) => (choice.value = next)} />
      ))}
      <Serving covers={covers} seat={seat.value} course={course.value} onSeat={(number) => (seat.value = number)} onCourse={(id) => (course.value = id)} />
      <Field label={t("item.note")} value={note.value} onValue={(text) => (note.value = text)} placeholder={t("item.note.hint")} />
    </Dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (text: string) => void;
  readonly placeholder: string;
  readonly decimal?: boolean;
}

function Field({ label, value, onValue, placeholder, decimal = false }: FieldProps) {
  return (
    <label class="note-field">
      <span>{label}</span>
      <input
        type="text"
        autocomplete="off"
        inputMode={decimal ? "decimal" : "text"}
        maxLength={LIMITS.NOTE_LENGTH_MAX}
        placeholder={placeholder}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}
