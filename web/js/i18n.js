// Words, dates and numbers in the reader's language.

const LANGUAGES = ["en", "pt-BR"];
let words = {};
let language = "en";

/** Loads the words of the first language asked for that there is. */
export async function loadWords(asked = navigator.languages) {
  const found = asked
    .map((tag) => LANGUAGES.find((known) => known.split("-")[0] === tag.split("-")[0]))
    .find((tag) => tag !== undefined);
  language = found ?? "en";
  const answer = await fetch(`/lang/${language}.json`);
  words = await answer.json();
  document.documentElement.lang = language;
}

/** The words of `key`, with `{name}` filled in; `count` chooses between key.one and key.other. */
export function t(key, values = {}) {
  const plural = "count" in values && new Intl.PluralRules(language).select(values.count);
  const text =
    words[plural ? `${key}.${plural}` : key] ?? words[`${key}.other`] ?? words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(values[name]) : (values[name] ?? ""),
  );
}

const number = (value) => new Intl.NumberFormat(language).format(value);

/** Time of day. */
export const time = (at) =>
  new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(at);

/** A day, in words where it is near. */
export function day(at) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(at) - midnight(Date.now())) / 86_400_000);
  if (days === 0 || days === -1) {
    return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
  }
  return new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(at);
}

/** A moment for a list: time today, else date and time. */
export function moment(at) {
  const today = new Date(at).toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, style).format(at);
}
