/** Where one thing is: on this tablet, on the box, in the cloud. */

import type { Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Icon } from "./icon.tsx";

export type Place = "tablet" | "box" | "cloud";

interface Props {
  readonly place: Place;
  readonly words: Pick<Translator<SharedKey>, "t">;
  /** One word where there is no room for three. */
  readonly short?: boolean;
}

export function PlaceMark({ place, words: { t }, short = false }: Props) {
  return (
    <span class={`place ${place}`} title={t(`place.${place}`)}>
      <Icon name={place} size={16} />
      {t(short ? `trail.${place}` : `place.${place}`)}
    </span>
  );
}
