/** One check: its panel on the left, the menu or the payment on the right. */

import { current, device, goToFloor, route, t } from "../state.ts";
import { Empty } from "../floor/floor.tsx";
import { Menu } from "../menu/menu.tsx";
import { Payment } from "../pay/pay.tsx";
import { CheckPanel } from "./panel.tsx";

export function CheckScreen({ paying }: { readonly paying: boolean }) {
  const check = current.value;
  if (check !== null) {
    return (
      <div class="check-screen">
        <CheckPanel check={check} paying={paying} />
        {paying ? <Payment check={check} /> : <Menu check={check} />}
      </div>
    );
  }
  if (device.live.position.value === "") return <Empty title={t("app.loading")} hint="" />;
  const closed = device.live.closed.value.get(route.value.checkId);
  return (
    <div class="check-gone">
      {closed === undefined ? (
        <Empty title={t("check.gone")} hint={t("check.gone.hint")} />
      ) : (
        <Empty title={t("pay.closed")} hint={t("pay.closed.detail", { n: closed.number })} />
      )}
      <button class="button large primary" type="button" onClick={goToFloor}>
        {closed === undefined ? t("check.back") : t("pay.done")}
      </button>
    </div>
  );
}
