/** Cash: what is due, what is given, what goes back. The sums are the box's. */

import { useSignal } from "@preact/signals";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { LIMITS, type CheckView } from "@comanda/ui/generated/wire.ts";
import { quickTenders } from "@comanda/ui/money.ts";
import { heldLines, sumsPending, type ScreenCheck } from "../overlay.ts";
import { device, goToFloor, money, t, tell } from "../state.ts";
import { Keypad } from "./keypad.tsx";

export function Payment({ check }: { readonly check: ScreenCheck }) {
  const { view } = check;
  const last = view?.payments.at(-1);
  if (check.paying !== null && (check.paying.amount_minor ?? 0) >= (view?.due_minor ?? 0)) {
    const { tendered_minor, amount_minor } = check.paying;
    return <Change changeMinor={tendered_minor - (amount_minor ?? tendered_minor)} tenderedMinor={tendered_minor} check={check} />;
  }
  if (view !== null && last !== undefined && view.due_minor === 0 && !sumsPending(check)) {
    return <Change changeMinor={last.change_minor} tenderedMinor={last.tendered_minor} check={check} />;
  }
  if (view === null || sumsPending(check)) {
    return (
      <section class="pay waiting">
        <Icon name="clock" size={48} />
        <p>{t("pay.wait")}</p>
      </section>
    );
  }
  if (view.due_minor === 0) {
    return (
      <section class="pay waiting">
        <Icon name="check" size={48} />
        <p>{t("pay.nothing")}</p>
      </section>
    );
  }
  return <Tender key={view.due_minor} check={check} view={view} />;
}

function Tender({ check, view }: { readonly check: ScreenCheck; readonly view: CheckView }) {
  const given = useSignal(0);
  const unpaid = view.even_shares.map((_, index) => index + 1).filter((share) => !view.payments.some((payment) => payment.share === share));
  const share = useSignal(unpaid[0] ?? 0);
  const dueMinor = view.even_shares[share.value - 1] ?? view.due_minor;
  const { currency } = device.live.site.value;
  const pay = (tenderedMinor: number) =>
    // The amount is stated: what the cashier saw is what is paid, whatever another tablet adds meanwhile.
    tell(check.id, { type: "PayCash", check_id: check.id, tendered_minor: tenderedMinor, amount_minor: Math.min(tenderedMinor, dueMinor), share: share.value });
  const press = (change: (value: number) => number) => (given.value = Math.min(change(given.peek()), LIMITS.AMOUNT_MINOR_MAX));
  const handBack = view.payments.at(-1)?.change_minor ?? 0;
  const short = given.value > 0 && given.value < dueMinor;
  return (
    <section class="pay" aria-label={t("pay.title")}>
      <div class="pay-head">
        <div>
          <h2>{t("pay.due")}</h2>
          <p class="figure">{money(dueMinor)}</p>
          <p class="part">{handBack > 0 ? t("pay.handback", { amount: money(handBack) }) : ""}</p>
        </div>
        <div class="given">
          <h2>{t("pay.given")}</h2>
          <output class="figure">{money(given.value)}</output>
          <p class="part">{short ? t("pay.part", { amount: money(dueMinor - given.value) }) : ""}</p>
        </div>
      </div>
      {unpaid.length > 0 && (
        <div class="chips wrap" role="radiogroup" aria-label={t("split.even")}>
          {unpaid.map((each) => (
            <button key={each} type="button" role="radio" aria-checked={share.value === each} onClick={() => ([share.value, given.value] = [each, 0])}>
              {t("pay.share", { n: each, amount: money(view.even_shares[each - 1] ?? 0) })}
            </button>
          ))}
        </div>
      )}
      <div class="quick">
        {quickTenders(dueMinor, currency, unpaid.length > 0 ? 3 : 6).map((amount) => (
          <button key={amount} class="button large" type="button" onClick={() => pay(amount)}>
            {amount === dueMinor && <span>{t("pay.exact")}</span>} {money(amount)}
          </button>
        ))}
      </div>
      <Keypad empty={given.value === 0} onKey={press} clearLabel={t("pay.clear")} eraseLabel={t("pay.erase")} />
      <button class="button large primary take" type="button" disabled={given.value === 0} onClick={() => pay(given.value)}>
        <Icon name="cash" /> {given.value === 0 ? t("pay.enter") : t("pay.take", { amount: money(given.value) })}
      </button>
    </section>
  );
}

function Change({ check, changeMinor, tenderedMinor }: { readonly check: ScreenCheck; readonly changeMinor: number; readonly tenderedMinor: number }) {
  const held = heldLines(check);
  const unsent = held.length;
  const onWay = check.paying !== null;
  const close = () => tell(check.id, { type: "CloseCheck", check_id: check.id }) && goToFloor();
  return (
    <section class="pay change" aria-live="polite">
      <h2>{t("pay.change")}</h2>
      <p class="figure huge">{money(changeMinor)}</p>
      <p class="of">{changeMinor > 0 ? t("pay.change.of", { amount: money(tenderedMinor) }) : t("pay.change.none")}</p>
      <p class="note">{onWay ? t("pay.onway") : ""}</p>
      {unsent > 0 ? (
        <>
          <p class="note">{t("pay.unsent", { n: unsent })}</p>
          <button class="button large fire" type="button" disabled={check.firing.size > 0} onClick={() => tell(check.id, { type: "FireLines", check_id: check.id, line_ids: held.map(({ line_id }) => line_id) })}>
            <Icon name="send" /> {t("check.send", { n: unsent })}
          </button>
        </>
      ) : (
        <button class="button large primary" type="button" disabled={check.closing} onClick={close}>
          <Icon name="check" /> {t("check.close")}
        </button>
      )}
    </section>
  );
}
