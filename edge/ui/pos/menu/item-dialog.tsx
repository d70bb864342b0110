/** An item about to be ordered, or a held line being changed: modifiers within their bounds, quantity, note. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { Stepper } from "@comanda/ui/elements/stepper.tsx";
import { LIMITS, type Command, type LineView, type MenuItem } from "@comanda/ui/generated/wire.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { device, t, tell } from "../state.ts";
import { chosenModifiers, initialChoice, missingGroup, type Choice } from "./choice.ts";
import { GroupChoice } from "./group-choice.tsx";

interface Props {
  readonly checkId: string;
  readonly item: MenuItem;
  /** The held line that is being changed, or null for a new one. */
  readonly line: LineView | null;
  readonly onClose: () => void;
}

export function ItemDialog({ checkId, item, line, onClose }: Props) {
  const groups = item.modifier_group_ids.flatMap((id) => device.menu.value.modifier_groups.find((group) => group.id === id) ?? []);
  const choice = useSignal<Choice>(initialChoice(groups, line?.modifiers ?? null));
  const quantity = useSignal(line?.quantity ?? 1);
  const note = useSignal(line?.note ?? "");
  const missing = missingGroup(groups, choice.value);
  const add = () => {
    const commands: Command[] = line === null ? [] : [{ type: "VoidLine", check_id: checkId, line_id: line.line_id, reason: "changed" }];
    commands.push({
      type: "AddLine",
      check_id: checkId,
      line_id: uuid7(),
      item_id: item.id,
      quantity: quantity.value,
      modifiers: chosenModifiers(groups, choice.value),
      note: note.value.trim(),
    });
    if (tell(checkId, ...commands)) onClose();
  };
  const remove = () => {
    if (line !== null && tell(checkId, { type: "VoidLine", check_id: checkId, line_id: line.line_id })) onClose();
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
            maximum={LIMITS.QUANTITY_MAX}
            onChange={(value) => (quantity.value = value)}
          />
          {line !== null && (
            <button class="button large danger" type="button" onClick={remove}>
              <Icon name="bin" /> {t("item.void")}
            </button>
          )}
          <button class="button large primary grow" type="button" disabled={missing !== null} onClick={add}>
            {missing !== null ? t("item.missing", { group: missing.name }) : line === null ? t("item.add") : t("item.save")}
          </button>
        </>
      }
    >
      {groups.map((group) => (
        <GroupChoice key={group.id} group={group} chosen={choice.value[group.id] ?? []} onChange={(ids) => (choice.value = { ...choice.value, [group.id]: ids })} />
      ))}
      <label class="note-field">
        <span>{t("item.note")}</span>
        <input
          type="text"
          autocomplete="off"
          maxLength={LIMITS.NOTE_LENGTH_MAX}
          placeholder={t("item.note.hint")}
          value={note.value}
          onInput={(event) => (note.value = event.currentTarget.value)}
        />
      </label>
    </Dialog>
  );
}
