/** The check itself: lines in order, sums as the box has told them, and what can be done next. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { PlaceMark } from "@comanda/ui/elements/place.tsx";
import { siteTime } from "@comanda/ui/elements/wall-clock.tsx";
import type { CheckView, LineView } from "@comanda/ui/generated/wire.ts";
import { Empty, placeOf } from "../floor/floor.tsx";
import { ItemDialog } from "../menu/item-dialog.tsx";
import { heldLines, sumsPending, type ScreenCheck } from "../overlay.ts";
import { checkName, current, device, goToCheck, goToFloor, money, t, tell, words } from "../state.ts";
import { DiscountDialog } from "./discount-dialog.tsx";
import { HeldOrSentLine, PendingLine } from "./line.tsx";
import { SplitDialog } from "./split-dialog.tsx";
import { VoidDialog } from "./void-dialog.tsx";

export function CheckPanel({ check, paying }: { readonly check: ScreenCheck; readonly paying: boolean }) {
  const editing = useSignal<LineView | null>(null);
  const splitting = useSignal(false);
  const discounting = useSignal(false);
  const list = useRef<HTMLUListElement>(null);
  useSignalEffect(() => {
    // A new line is always in sight.
    void [current.value?.pending.length, current.value?.view?.lines.length];
    requestAnimationFrame(() => list.current?.scrollTo({ top: list.current.scrollHeight }));
  });
  const lines = check.view?.lines.filter((line) => line.status !== "voided") ?? [];
  const voided = (check.view?.lines.length ?? 0) - lines.length;
  const edited = editing.value;
  const item = edited === null ? undefined : device.menu.value.items.find(({ id }) => id === edited.item_id);
  return (
    <aside class="panel" aria-label={checkName(check)}>
      <header>
        <button class="button icon quiet" type="button" aria-label={t("check.back")} onClick={goToFloor}>
          <Icon name="back" />
        </button>
        <div>
          <h1>{checkName(check)}</h1>
          <p>{check.view === null ? t("check.new") : aboutOf(check.view)}</p>
          {(check.view !== null || check.waiting > 0) && <PlaceMark place={placeOf(check)} words={words} />}
        </div>
        {lines.length > 0 && (
          <div class="tools">
            <button class="button icon quiet" type="button" aria-label={t("discount.title")} disabled={sumsPending(check)} onClick={() => (discounting.value = true)}>
              <Icon name="percent" />
            </button>
            <button class="button icon quiet" type="button" aria-label={t("split.title")} disabled={sumsPending(check)} onClick={() => (splitting.value = true)}>
              <Icon name="split" />
            </button>
          </div>
        )}
      </header>
      <ul class="lines scroll" ref={list}>
        {lines.map((line) => (
          <HeldOrSentLine key={line.line_id} line={line} voiding={check.voiding.has(line.line_id)} sending={(check.sending && !line.on_hold) || check.firing.has(line.line_id)} onEdit={() => (editing.value = line)} />
        ))}
        {check.pending.map((line) => (
          <PendingLine key={line.line_id} line={line} />
        ))}
        {lines.length + check.pending.length === 0 && (
          <li>
            <Empty title={t("check.empty")} hint={t("check.empty.hint")} />
          </li>
        )}
        {voided > 0 && <li class="voided">{t("check.voided", { n: voided })}</li>}
      </ul>
      <Sums check={check} />
      <Actions check={check} paying={paying} />
      {edited?.status === "held" && item !== undefined && (
        <ItemDialog checkId={check.id} covers={check.covers} item={item} line={edited} onClose={() => (editing.value = null)} />
      )}
      {edited?.status === "sent" && <VoidDialog checkId={check.id} line={edited} onClose={() => (editing.value = null)} />}
      {discounting.value && check.view !== null && <DiscountDialog view={check.view} onClose={() => (discounting.value = false)} />}
      {splitting.value && check.view !== null && <SplitDialog view={check.view} onClose={() => (splitting.value = false)} />}
    </aside>
  );
}

function aboutOf(view: CheckView): string {
  const parts = view.table_id === "" ? [] : [t("check.number", { n: view.number })];
  if (view.covers > 0) parts.push(t("guests.count", { n: view.covers }));
  return [...parts, siteTime(device, words.locale.value, Date.parse(view.opened_at))].join(" · ");
}

/** A name with its rate, where it does not tell it by itself. */
function withRate(name: string, rate: string): string {
  return rate === "" || name.includes(rate) ? name : `${name} ${rate}`;
}

function Sums({ check }: { readonly check: ScreenCheck }) {
  const { view } = check;
  const pending = sumsPending(check) && (view !== null || check.pending.length > 0);
  return (
    <dl class={pending ? "sums pending" : "sums"}>
      {view?.discounts.map(({ given, applied_minor }) => (
        <div key={given.discount_id} class="off">
          <dt>{withRate(given.name, given.scope === "promotion" ? "" : given.rate)}</dt>
          <dd>−{money(applied_minor)}</dd>
        </div>
      ))}
      {view?.charges.map(({ given, amount_minor }) => (
        <div key={given.charge_id}>
          <dt>{withRate(given.name, given.rate)}</dt>
          <dd>{money(amount_minor)}</dd>
        </div>
      ))}
      {view?.tax_groups.map((group) => (
        <div key={`${group.id} ${group.rate}`}>
          <dt>{withRate(group.name, group.rate)}</dt>
          <dd>{money(group.tax_minor)}</dd>
        </div>
      ))}
      {view !== null && view.paid_minor > 0 && (
        <>
          <div>
            <dt>{t("check.total")}</dt>
            <dd>{money(view.total_minor)}</dd>
          </div>
          <div>
            <dt>{t("check.paid")}</dt>
            <dd>{money(view.paid_minor)}</dd>
          </div>
        </>
      )}
      <div class="due">
        <dt>{view !== null && view.paid_minor > 0 ? t("check.due") : t("check.total")}</dt>
        <dd>{view === null ? "–" : money(view.due_minor)}</dd>
      </div>
      <p class="foot">
        <span class="note">{pending ? t("check.pending") : ""}</span>
      </p>
    </dl>
  );
}

/** What waits for its course: one tap fires a course; what is on hold without one is fired together. */
function Waiting({ checkId, lines }: { readonly checkId: string; readonly lines: readonly LineView[] }) {
  const courses = [...new Set(lines.map(({ course }) => course))];
  const fire = (course: string) =>
    course === ""
      ? tell(checkId, { type: "FireLines", check_id: checkId, line_ids: lines.filter((line) => line.course === "").map(({ line_id }) => line_id) })
      : tell(checkId, { type: "FireCourse", check_id: checkId, course });
  if (courses.length === 0) return null;
  return (
    <div class="waiting-courses">
      {courses.map((course) => (
        <button key={course} class="button large fire" type="button" onClick={() => fire(course)}>
          {t("check.fire", {
            n: lines.filter((line) => line.course === course).length,
            course: device.menu.value.courses.find(({ id }) => id === course)?.name ?? (course === "" ? t("line.onhold") : course),
          })}
        </button>
      ))}
    </div>
  );
}

function Actions({ check, paying }: { readonly check: ScreenCheck; readonly paying: boolean }) {
  const held = heldLines(check);
  const unsent = held.filter((line) => !line.on_hold).length + check.pending.length;
  const waiting = held.filter((line) => line.on_hold && !check.firing.has(line.line_id));
  const due = check.view?.due_minor ?? 0;
  const idle = check.view?.lines.some((line) => line.status === "sent") === true ? t("check.send.none") : t("check.send.idle");
  const settled = check.view !== null && !sumsPending(check) && due === 0 && held.length + check.pending.length === 0;
  const close = () => tell(check.id, { type: "CloseCheck", check_id: check.id }) && goToFloor();
  return (
    <footer class="actions">
      <Waiting checkId={check.id} lines={waiting} />
      <button
        class="button large fire"
        type="button"
        disabled={unsent === 0 || check.sending}
        onClick={() => void tell(check.id, { type: "SendCheck", check_id: check.id })}
      >
        <Icon name="send" /> {check.sending ? t("check.sending") : unsent > 0 ? t("check.send", { n: unsent }) : idle}
      </button>
      {settled && !paying ? (
        <button class="button large primary" type="button" disabled={check.closing} onClick={close}>
          <Icon name="check" /> {t("check.close")}
        </button>
      ) : paying ? (
        <button class="button large" type="button" onClick={() => goToCheck(check.id)}>
          {t("pay.back")}
        </button>
      ) : (
        <button class="button large primary" type="button" disabled={check.view === null && check.pending.length === 0} onClick={() => goToCheck(check.id, true)}>
          <Icon name="cash" /> {t("check.pay")}
        </button>
      )}
    </footer>
  );
}
