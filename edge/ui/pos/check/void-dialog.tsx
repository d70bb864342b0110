/** A line that is in the kitchen: what it is, and its void, which needs a reason and a manager's device. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { LIMITS, type LineView } from "@comanda/ui/generated/wire.ts";
import { device, t, tell } from "../state.ts";

interface Props {
  readonly checkId: string;
  readonly line: LineView;
  readonly onClose: () => void;
}

export function VoidDialog({ checkId, line, onClose }: Props) {
  const reason = useSignal("");
  const reasons = device.menu.value.rules.reasons.filter(({ kind }) => kind === "void");
  const voidIt = () => {
    const line_id = line.combo?.combo_id ?? line.line_id;
    if (tell(checkId, { type: "VoidLine", check_id: checkId, line_id, reason: reason.value.trim() })) onClose();
  };
  return (
    <Dialog
      title={line.name}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <button class="button large danger grow" type="button" disabled={reason.value.trim() === ""} onClick={voidIt}>
          <Icon name="bin" /> {t("item.void")}
        </button>
      }
    >
      <p class="about">{t("void.fired")}</p>
      {reasons.length > 0 ? (
        <div class="chips wrap" role="radiogroup" aria-label={t("void.reason")}>
          {reasons.map(({ id, name }) => (
            <button key={id} type="button" role="radio" aria-checked={reason.value === id} onClick={() => (reason.value = id)}>
              {name}
            </button>
          ))}
        </div>
      ) : (
        <label class="note-field">
          <span>{t("void.reason")}</span>
          <input type="text" autocomplete="off" maxLength={LIMITS.NOTE_LENGTH_MAX} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
        </label>
      )}
    </Dialog>
  );
}
