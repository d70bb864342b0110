/**
 * Words on screens: catalogues by language, every text translatable. English is complete and always there.
 */

import { computed, signal, type ReadonlySignal } from "@preact/signals";

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

/** A catalogue names a text; `{name}` in it stands for a value; a pair `[one, many]` is chosen by `{n}`. */
export type Text = string | readonly [one: string, many: string];
export type Catalogue<Key extends string> = Readonly<Record<Key, Text>>;
export type Values = Readonly<Record<string, string | number>>;
type Loader<Key extends string> = () => Promise<{ readonly default: Catalogue<Key> }>;

const STORED = "comanda.language";

function isLanguage(text: string | null | undefined): text is Language {
  return text !== null && text !== undefined && Object.hasOwn(LANGUAGES, text);
}

/** What the person chose on this device, else what the browser asks for, else English. */
function initialLanguage(): Language {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find(isLanguage) ?? "en";
}

export interface Translator<Key extends string> {
  readonly language: ReadonlySignal<Language>;
  /** The language with the device's region, for numbers and times: `en-GB`. */
  readonly locale: ReadonlySignal<string>;
  /** The text of `key` in the present language, values filled in. */
  readonly t: (key: Key, values?: Values) => string;
  /** The text of a key that may be unknown. */
  readonly maybe: (key: string) => string | null;
  readonly choose: (language: Language) => Promise<void>;
}

/** A translator over `english` and catalogues that are fetched when wanted; resolves when the first is there. */
export async function createTranslator<Key extends string>(
  english: Catalogue<Key>,
  loaders: Readonly<Partial<Record<Language, Loader<Key>>>>,
): Promise<Translator<Key>> {
  const current = signal<{ readonly language: Language; readonly texts: Catalogue<Key> }>({ language: "en", texts: english });
  const show = async (language: Language): Promise<void> => {
    const load = loaders[language];
    current.value = load === undefined ? { language: "en", texts: english } : { language, texts: (await load()).default };
    document.documentElement.lang = language;
  };
  await show(initialLanguage()).catch(() => show("en"));
  const fill = (text: Text, values: Values): string => {
    const chosen = typeof text === "string" ? text : text[values["n"] === 1 ? 0 : 1];
    return chosen.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  };
  return {
    language: computed(() => current.value.language),
    locale: computed(() => navigator.languages.find((tag) => tag.startsWith(`${current.value.language}-`)) ?? current.value.language),
    t: (key, values = {}) => fill(current.value.texts[key], values),
    maybe: (key) => {
      const text = (current.value.texts as Readonly<Record<string, Text | undefined>>)[key];
      return text === undefined ? null : fill(text, {});
    },
    choose: async (language) => {
      localStorage.setItem(STORED, language);
      await show(language);
    },
  };
}
