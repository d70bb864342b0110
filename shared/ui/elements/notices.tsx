/** What a person must notice: lost connections, refusals, stale kitchen commands. */

import type { CommandQueue, Refusal } from "../commands.ts";
import { ordersIn, type Device } from "../device.ts";
import type { Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { ageWords } from "./trail.tsx";
import { siteTime } from "./wall-clock.tsx";

interface Props {
  readonly device: Device;
  readonly words: Translator<SharedKey>;
}

/** The gravest of what is wrong, in the place of the top bar's left half, so that nothing below moves. */
export function Banner({ device, words }: Props) {
  const { t, locale } = words;
  const { queue, feed } = device;
  const waiting = queue.waiting.value.length;
  const trouble = queue.trouble.value;
  if (queue.full.value) return <Band mood="alarm" title={t("banner.full")} />;
  if (queue.isTurnedAway.value) {
    return (
      <Band mood="alarm" title={t("banner.unknown")}>
        {t("banner.unknown.detail")}
      </Band>
    );
  }
  const wrong = queue.wrong.value;
  if (feed.state.value === "live" && wrong !== "") {
    return (
      <Band mood="alarm" title={t(`wrong.${wrong}`)}>
        {t(`wrong.${wrong}.detail`)} {keptWords(device, t)}
      </Band>
    );
  }
  if (feed.state.value === "lost") {
    const heard = feed.heardMs.value;
    return (
      <Band mood="alarm" title={t("banner.box")} end={heard > 0 ? t("banner.heard", { time: siteTime(device, locale.value, heard) }) : ""}>
        {t("banner.box.detail")} {waiting > 0 && t("banner.box.waiting", { n: waiting })}
      </Band>
    );
  }
  if (feed.state.value === "live" && queue.box.value?.is_recovering === true) {
    return (
      <Band mood="wait" title={t("recovering.title")}>
        {t("recovering.detail")} {waiting > 0 && t("banner.box.waiting", { n: waiting })}
      </Band>
    );
  }
  if (trouble !== null) {
    return (
      <Band mood="alarm" title={trouble.title}>
        {trouble.hint}
      </Band>
    );
  }
  const alarms = device.live.alarms.value;
  const isAway = device.cloudReach.value === "away";
  const alarm = alarms.find((code) => code === "kitchen.unshown") ?? alarms.find((code) => !(isAway && code === "cloud.behind"));
  if (alarm !== undefined) return <Alarm code={alarm} words={words} />;
  if (!queue.durable.value && waiting > 0) return <Band mood="wait" title={t("banner.memory")} />;
  if (isAway) {
    const behindS = device.behindS.value;
    return (
      <Band mood="wait" title={t("banner.cloud")} end={behindS === null ? "" : `${ageWords(behindS, t)}.`}>
        {t("banner.cloud.detail")}
      </Band>
    );
  }
  return null;
}

/** What a tablet keeps while its box is the wrong one, in orders. */
export function keptWords({ queue }: Device, t: Translator<SharedKey>["t"]): string {
  const n = ordersIn(queue.waiting.value);
  if (n === 0) return t("wrong.kept.none");
  return t(queue.wrong.value === "other_site" ? "wrong.kept.other" : "wrong.kept", { n });
}

/** What the box wants a person to look at; a newer box may raise alarms that have no words here yet. */
function Alarm({ code, words: { t, maybe } }: { readonly code: string; readonly words: Translator<SharedKey> }) {
  return (
    <Band mood={code === "kitchen.unshown" ? "alarm" : "wait"} title={maybe(`alarm.${code}`) ?? t("alarm.other", { code })}>
      {maybe(`alarm.${code}.detail`) ?? t("alarm.other.detail")}
    </Band>
  );
}

interface BandProps {
  readonly mood: "alarm" | "wait";
  readonly title: string;
  readonly end?: string;
  readonly children?: preact.ComponentChildren;
}

function Band({ mood, title, end = "", children }: BandProps) {
  return (
    <p class={`banner ${mood}`} role="status">
      <Icon name="warning" size={28} />
      <span>
        <strong>
          {title} {end}
        </strong>
        {children}
      </span>
    </p>
  );
}

/** Refusals with what to do, until a person has read them; the latest three. */
export function Refusals({ queue, words }: { readonly queue: CommandQueue; readonly words: Translator<SharedKey> }) {
  return (
    <div class="refusals" role="alert">
      <Notices queue={queue} words={words} />
      {queue.refusals.value.slice(-3).map((refusal) => (
        <OneRefusal key={refusal.kept.id} refusal={refusal} words={words} onRead={() => queue.dismiss(refusal)} />
      ))}
    </div>
  );
}

/** What was held and is given up, by kind: never in silence. */
function Notices({ queue, words: { t } }: { readonly queue: CommandQueue; readonly words: Translator<SharedKey> }) {
  const notices = queue.notices.value;
  if (notices.length === 0) return null;
  const told = new Map<string, { readonly code: string; readonly about: string; readonly n: number }>();
  for (const { code, about } of notices) {
    const key = about === "" ? ` ${code}` : code;
    told.set(key, { code, about, n: (told.get(key)?.n ?? 0) + 1 });
  }
  return (
    <section class="refusal">
      <Icon name="warning" />
      <strong>{t("notice.title")}</strong>
      <div>
        {[...told].map(([key, { code, about, n }]) => (
          <p key={key}>{code === "held.full" || code === "held.expired" ? t(`notice.${code}`, { n }) : t(about === "" ? "notice.handin.none" : "notice.handin", { n, code })}</p>
        ))}
      </div>
      <button class="button" type="button" onClick={() => queue.dismissNotices()}>
        {t("refused.understood")}
      </button>
    </section>
  );
}

function OneRefusal({ refusal: { problem }, words: { t, maybe }, onRead }: { readonly refusal: Refusal; readonly words: Translator<SharedKey>; readonly onRead: () => void }) {
  const hint = maybe(`hint.${problem.code}`) ?? problem.hint;
  return (
    <section class="refusal">
      <Icon name="warning" />
      <strong>
        {t("refused.title")}: {maybe(`error.${problem.code}`) ?? problem.detail}
      </strong>
      <p>{hint}</p>
      <button class="button" type="button" onClick={onRead}>
        {t("refused.understood")}
      </button>
    </section>
  );
}

interface StaleProps {
  readonly queue: CommandQueue;
  readonly words: Translator<SharedKey>;
  /** What the request is about, in words. */
  readonly about: string;
}

/** A kitchen command that is older than the kitchen's patience: send it or not. */
export function StaleQuestion({ queue, words: { t }, about }: StaleProps) {
  const asked = queue.question.value;
  if (asked === null) return null;
  return (
    <Dialog
      title={t("stale.title")}
      footer={
        <>
          <button class="button large grow" type="button" onClick={() => queue.decide(false)}>
            {t("stale.drop")}
          </button>
          <button class="button large fire grow" type="button" onClick={() => queue.decide(true)}>
            {t("stale.send")}
          </button>
        </>
      }
    >
      <p>
        <strong>{about}</strong>
      </p>
      <p>{t("stale.text", { n: Math.round((Date.now() - asked.keptMs) / 60_000) })}</p>
    </Dialog>
  );
}
