/** The box is the wrong one: said once in the middle of the screen, with what to do; the banner says it from then on. */

import { useSignal } from "@preact/signals";
import type { Device } from "../device.ts";
import type { Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { keptWords } from "./notices.tsx";

export function WrongBox({ device, words: { t } }: { readonly device: Device; readonly words: Translator<SharedKey> }) {
  const read = useSignal("");
  const wrong = device.feed.state.value === "live" ? device.queue.wrong.value : "";
  const canTrust = device.queue.canTrust.value;
  const seen = canTrust ? `${wrong} unproved` : wrong;
  if (wrong === "" || read.value === seen) return null;
  const isElsewhere = wrong === "other_site";
  return (
    <Dialog
      title={t(canTrust ? "wrong.unproved" : `wrong.${wrong}`)}
      wide
      footer={
        <>
          {isElsewhere && (
            <button class="button large danger grow" type="button" onClick={() => device.queue.startAnew()}>
              {t("wrong.anew")}
            </button>
          )}
          {canTrust && (
            <button class="button large danger grow" type="button" onClick={() => device.queue.trust()}>
              {t("wrong.trust")}
            </button>
          )}
          <button class="button large primary grow" type="button" onClick={() => (read.value = seen)}>
            {t(isElsewhere ? "app.close" : "wrong.goon")}
          </button>
        </>
      }
    >
      <ul class="places wrong-box">
        <li>
          <Icon name="box" size={32} />
          <strong>{t(canTrust ? "wrong.unproved.detail" : `wrong.${wrong}.detail`)}</strong>
          <p>
            {wrong === "lower" && t("wrong.epochs", { theirs: device.queue.box.value?.epoch ?? 0, mine: device.queue.knownEpoch.value })} {t("wrong.blocked")}
          </p>
        </li>
        <li>
          <Icon name="tablet" size={32} />
          <strong>{keptWords(device, t)}</strong>
          <p>{t(isElsewhere ? "wrong.do.other_site" : canTrust ? "wrong.do.unproved" : "wrong.do.fenced")}</p>
        </li>
      </ul>
    </Dialog>
  );
}
