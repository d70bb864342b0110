/**
 * The trail: where everything is. Tablet, box, cloud, with what waits at each, in the top bar of every app.
 */

import { useSignal } from "@preact/signals";
import { ageIn } from "../clock.ts";
import type { Device } from "../device.ts";
import type { Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";

/** Entries on their way to a cloud that answers, below which nothing is worth a number. */
const CALM = 25;

type Mood = "good" | "wait" | "lost";

interface Props {
  readonly device: Device;
  readonly words: Translator<SharedKey>;
}

export function Trail({ device, words: { t } }: Props) {
  const open = useSignal(false);
  const waiting = device.queue.waiting.value.length;
  const live = device.feed.state.value === "live";
  const reach = device.cloudReach.value;
  const behind = live && (reach !== "connected" || device.live.behindCloud.value > CALM) ? device.live.behindCloud.value : 0;
  const behindS = device.behindS.value;
  const cloud: Mood = reach === "connected" && behindS === null ? "good" : "wait";
  const isWrong = device.queue.wrong.value !== "";
  return (
    <>
      <button class="trail" type="button" aria-label={t("trail.title")} onClick={() => (open.value = true)}>
        <Stop mood={waiting > 0 ? "wait" : "good"} icon="tablet" label={t("trail.tablet")} count={waiting} />
        <span class={live ? "way" : "way cut"} />
        <Stop mood={live && !isWrong ? "good" : "lost"} icon="box" label={t("trail.box")} count={behind} />
        <span class={reach === "connected" ? "way" : "way cut"} />
        <Stop mood={cloud} icon="cloud" label={behindS === null ? t("trail.cloud") : `${t("trail.cloud")}: ${ageWords(behindS, t)}`} count={0} />
      </button>
      {open.value && <Places device={device} words={{ t }} onClose={() => (open.value = false)} />}
    </>
  );
}

/** "12 min behind". */
export function ageWords(behindS: number, t: Translator<SharedKey>["t"]): string {
  const { unit, n } = ageIn(behindS);
  return t("trail.cloud.age", { age: t(`age.${unit}`, { n }) });
}

function Stop({ mood, icon, label, count }: { readonly mood: Mood; readonly icon: "tablet" | "box" | "cloud"; readonly label: string; readonly count: number }) {
  return (
    <span class={`stop ${mood}`}>
      <Icon name={icon} size={20} />
      {label}
      {count > 0 && <b>{count}</b>}
    </span>
  );
}

function oldestWords(behindS: number, t: Translator<SharedKey>["t"]): string {
  const { unit, n } = ageIn(behindS);
  return t("trail.cloud.oldest", { age: t(`age.${unit}`, { n }) });
}

interface PlacesProps {
  readonly device: Device;
  readonly words: Pick<Translator<SharedKey>, "t">;
  readonly onClose: () => void;
}

function Places({ device, words: { t }, onClose }: PlacesProps) {
  const waiting = device.queue.waiting.value.length;
  const state = device.feed.state.value;
  const reach = device.cloudReach.value;
  const behind = device.live.behindCloud.value;
  const position = device.live.sequence.value;
  const clouded = device.live.cloud.value.sequence;
  const wrong = device.queue.wrong.value;
  const behindS = device.behindS.value;
  return (
    <Dialog title={t("trail.title")} onClose={onClose} closeLabel={t("app.close")}>
      <ul class="places">
        <li>
          <Icon name="tablet" size={32} />
          <strong>{t("trail.tablet")}</strong>
          <p>
            {waiting > 0 ? t("trail.tablet.waiting", { n: waiting }) : t("trail.tablet.clear")}
            {!device.queue.durable.value && ` ${t("trail.tablet.memory")}`}
          </p>
        </li>
        <li>
          <Icon name="box" size={32} />
          <strong>
            {t("trail.box")} {state === "live" && position > 0 && `· ${position}`}
          </strong>
          <p>{t(`trail.box.${state !== "live" ? state : wrong !== "" ? "wrong" : device.queue.box.value?.is_recovering === true ? "recovering" : "live"}`)}</p>
        </li>
        <li>
          <Icon name="cloud" size={32} />
          <strong>
            {t("trail.cloud")} {state === "live" && clouded > 0 && `· ${clouded}`}
          </strong>
          <p>
            {reach === "away" && `${t("trail.cloud.away")} `}
            {reach === "never" && t("trail.cloud.never")}
            {reach === "unknown" && t("trail.cloud.unknown")}
            {(reach === "connected" || reach === "away") && (behind > 0 ? t("trail.cloud.behind", { n: behind }) : t("trail.cloud.clear"))}
            {behindS !== null && ` ${oldestWords(behindS, t)}`}
          </p>
        </li>
      </ul>
    </Dialog>
  );
}
