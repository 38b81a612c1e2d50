// Words, times and days in the reader's language.

/** Languages there are; the first is for everybody else. */
export const LANGUAGES = ['en', 'pt-BR'];

/** The first wish that can be met. */
export function choose(wishes) {
  for (const wish of wishes) {
    const primary = wish.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language.split('-')[0] === primary);
    if (found) return found;
  }
  return LANGUAGES[0];
}

const DAY_MS = 86_400_000;

/** `texts` as in lang/*.json; `{name}` is replaced, `key.one` and `key.other` go by `count`. */
export function language(tag, texts, zone) {
  const plural = new Intl.PluralRules(tag);
  const format = (options) => new Intl.DateTimeFormat(tag, { timeZone: zone, ...options });
  const clock = format({ timeStyle: 'short' });
  const key = format({ year: 'numeric', month: '2-digit', day: '2-digit' });
  const long = format({ weekday: 'long', day: 'numeric', month: 'long' });
  const withYear = format({ day: 'numeric', month: 'long', year: 'numeric' });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const longStamp = format({ dateStyle: 'long', timeStyle: 'medium' });
  const shortStamp = format({ dateStyle: 'short', timeStyle: 'short' });
  const numbers = new Intl.NumberFormat(tag);
  const names = new Intl.ListFormat(tag, { type: 'conjunction' });
  const number = (value) => numbers.format(value);
  const list = (items) => names.format(items);
  const full = (at) => longStamp.format(at);
  const stamp = (at) => shortStamp.format(at);
  const capital = (text) => text.charAt(0).toLocaleUpperCase(tag) + text.slice(1);

  function t(name, values = {}) {
    const form = `${name}.${plural.select(values.count ?? 0)}`;
    const text = texts[name] ?? texts[form] ?? texts[`${name}.other`] ?? name;
    const said = (value) => (typeof value === 'number' ? number(value) : String(value));
    return text.replace(/\{(\w+)\}/g, (whole, slot) => said(values[slot] ?? whole));
  }

  const dayKey = (at) => key.format(at);

  function day(at, now) {
    if (dayKey(at) === dayKey(now)) return capital(relative.format(0, 'day'));
    if (dayKey(at) === dayKey(now - DAY_MS)) return capital(relative.format(-1, 'day'));
    const near = Math.abs(now - at) < 300 * DAY_MS;
    return capital((near ? long : withYear).format(at));
  }

  /** When, for an arrival: the time, with the day where that is not today. */
  function when(at, now) {
    const time = clock.format(at);
    return dayKey(at) === dayKey(now) ? t('at.time', { time })
      : t('at.day', { day: day(at, now), time });
  }

  function ago(at, now) {
    const seconds = Math.max(0, (now - at) / 1000);
    if (seconds < 60) return t('ago.now');
    if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
    if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour');
    return relative.format(-Math.floor(seconds / 86_400), 'day');
  }

  const has = (name) => name in texts;
  const time = (at) => clock.format(at);
  return { tag, has, t, time, dayKey, day, when, ago, full, stamp, number, list };
}
