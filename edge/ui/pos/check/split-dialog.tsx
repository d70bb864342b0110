/** Splitting a check: by seat, by line, or evenly. The box works out every part. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Stepper } from "@comanda/ui/elements/stepper.tsx";
import { LIMITS, type CheckView, type LineView, type SplitCheck } from "@comanda/ui/generated/wire.ts";
import { uuid7 } from "@comanda/ui/ids.ts";
import { money, t, tell } from "../state.ts";
import { assignmentOf, bySeat, lineKey, movable, togglePart, type Parts } from "./split.ts";

type Way = "seat" | "line" | "even";

interface Props {
  readonly view: CheckView;
  readonly onClose: () => void;
}

export function SplitDialog({ view, onClose }: Props) {
  const seats = [...new Set(view.lines.filter((line) => line.status !== "voided").map((line) => line.seat))].filter((seat) => seat > 0).sort((a, b) => a - b);
  const way = useSignal<Way>(seats.length > 1 ? "seat" : "even");
  const ways = useSignal(Math.max(2, Math.min(view.covers, LIMITS.SPLIT_WAYS_MAX)));
  const parts = useSignal<Parts>(new Map());
  const lines = movable(view.lines);
  const split = (command: SplitCheck) => tell(view.check_id, command) && onClose();
  const evenly = () => tell(view.check_id, { type: "SplitEvenly", check_id: view.check_id, ways: ways.value }) && onClose();
  const go = () => {
    if (way.value === "even") evenly();
    else if (way.value === "seat") split({ ...bySeat(view.check_id, seats, uuid7), revision: view.revision });
    else split({ ...assignmentOf(view.check_id, view.lines, parts.value, uuid7), revision: view.revision });
  };
  const ready = way.value === "even" ? view.due_minor > 0 : way.value === "seat" ? seats.length > 1 : parts.value.size > 0;
  return (
    <Dialog
      wide
      title={t("split.title")}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <button class="button large primary grow" type="button" disabled={!ready} onClick={go}>
          {t("split.go")}
        </button>
      }
    >
      <div class="chips" role="radiogroup" aria-label={t("split.title")}>
        {(["seat", "line", "even"] as const).map((each) => (
          <button key={each} type="button" role="radio" aria-checked={way.value === each} disabled={each === "seat" && seats.length < 2} onClick={() => (way.value = each)}>
            {t(`split.${each}`)}
          </button>
        ))}
      </div>
      {way.value === "seat" && <p class="about">{t("split.seat.about", { n: seats.length })}</p>}
      {way.value === "even" && (
        <div class="even">
          <Stepper
            label={t("split.ways")}
            less={t("item.less")}
            more={t("item.more")}
            value={ways.value}
            minimum={2}
            maximum={LIMITS.SPLIT_WAYS_MAX}
            onChange={(value) => (ways.value = value)}
          />
          <p class="about">{t("split.even.about", { amount: money(view.due_minor), n: ways.value })}</p>
        </div>
      )}
      {way.value === "line" && <Lines all={view.lines} lines={lines} parts={parts.value} onToggle={(line) => (parts.value = togglePart(parts.value, lineKey(line)))} />}
    </Dialog>
  );
}

interface LinesProps {
  readonly all: readonly LineView[];
  readonly lines: readonly LineView[];
  readonly parts: Parts;
  readonly onToggle: (line: LineView) => void;
}

/** Each line stays, goes to the new check, or is shared by both: a tap goes from one to the next. */
function Lines({ all, lines, parts, onToggle }: LinesProps) {
  return (
    <>
      <p class="about">{t("split.line.about")}</p>
      <ul class="split-lines">
        {lines.map((line) => {
          const part = parts.get(lineKey(line)) ?? "stays";
          return (
            <li key={line.line_id}>
              <button type="button" class={`split-line ${part}`} onClick={() => onToggle(line)}>
                <span class="quantity">{line.quantity}</span>
                <span class="name">
                  {line.combo?.name ?? line.name}
                  {line.seat > 0 && <small>{t("serving.seat.numbered", { n: line.seat })}</small>}
                </span>
                <span class="price">{money(all.filter((each) => each.status !== "voided" && lineKey(each) === lineKey(line)).reduce((sum, each) => sum + each.price_minor, 0))}</span>
                <b>{t(`split.part.${part}`)}</b>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}
