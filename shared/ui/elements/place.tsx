/** Where one thing is: on this tablet, on the box, in the cloud. */

import type { Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Icon } from "./icon.tsx";

export function PlaceMark({ place, words: { t } }: { readonly place: "tablet" | "box" | "cloud"; readonly words: Pick<Translator<SharedKey>, "t"> }) {
  return (
    <span class={`place ${place}`}>
      <Icon name={place} size={16} />
      {t(`place.${place}`)}
    </span>
  );
}
