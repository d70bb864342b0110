/** The choice of language, on the browser's own select. */

import { LANGUAGES, type Language, type Translator } from "../i18n.ts";
import type { SharedKey } from "../messages/en.ts";
import { Icon } from "./icon.tsx";

export function LanguageChoice({ words }: { readonly words: Translator<SharedKey> }) {
  return (
    <label class="language">
      <Icon name="globe" size={20} />
      <span aria-hidden="true">{words.language.value.toUpperCase()}</span>
      <span class="visually-hidden">{words.t("app.language")}</span>
      <select value={words.language.value} onChange={(event) => void words.choose(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
