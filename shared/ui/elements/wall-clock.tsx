/** The time of day at the site, whatever the tablet's own zone says. */

import { boxNow, second } from "../clock.ts";
import type { Device } from "../device.ts";
import type { Translator } from "../i18n.ts";

/** Hours and minutes of a moment (ms) at the site. */
export function siteTime(device: Device, locale: string, momentMs: number): string {
  const timeZone = device.live.site.value.time_zone;
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone }).format(momentMs);
}

export function WallClock<Key extends string>({ device, words }: { readonly device: Device; readonly words: Translator<Key> }) {
  void second.value;
  return <time class="clock">{device.live.position.value === "" ? "" : siteTime(device, words.locale.value, boxNow())}</time>;
}
