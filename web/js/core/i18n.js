// Words, times and days in the reader's language.

/** @import { Time } from '../../../types/frames' */

/** Languages there are; the first is for everybody else. */
export const LANGUAGES = ['en', 'pt-BR'];

/**
 * The first wish that can be met.
 * @param {readonly string[]} wishes
 */
export function choose(wishes) {
  for (const wish of wishes) {
    const primary = wish.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language.split('-')[0] === primary);
    if (found) return found;
  }
  return LANGUAGES[0];
}

const DAY_MS = 86_400_000;
/** The furthest a clock of this language goes (ms since 1970); members may name more. */
const TIME_MAX = 8_640_000_000_000_000;
/**
 * @param {Time | null | undefined} at
 * @returns {at is Time}
 */
const known = (at) => Number.isFinite(at) && Math.abs(Number(at)) <= TIME_MAX;

/**
 * A moment as machines read it; null where there is none.
 * @param {Time | null | undefined} at
 */
export const moment = (at) => (known(at) ? new Date(at).toISOString() : null);

/**
 * How times and dates are written: as the browser's first wish does, in the page's words. Where
 * that is another language, its region and clock count: `de` with a page in English is `en-DE`.
 * @param {string} tag
 * @param {string} [wish]
 */
export function clockLocale(tag, wish) {
  try {
    const [page, browser] = [new Intl.Locale(tag), new Intl.Locale(wish ?? tag)];
    if (page.language === browser.language) return browser.toString();
    const { hourCycle } = new Intl.DateTimeFormat(wish, { timeStyle: 'short' }).resolvedOptions();
    const { region } = browser.maximize();
    const there = new Intl.Locale(page.language, { region, hourCycle });
    const { locale } = new Intl.DateTimeFormat(there).resolvedOptions();
    // A browser that knows no English of that region writes days before months, as most do.
    const vague = !new Intl.Locale(locale).region && page.language === 'en' && region !== 'US';
    return vague ? new Intl.Locale('en-GB', { hourCycle }).toString() : there.toString();
  } catch {
    return tag;
  }
}

/**
 * `texts` as in lang/*.json; `{name}` is replaced, `key.one` and `key.other` go by `count`.
 * Times and dates are those of `zone`, by default the browser's, written as in the locale `clock`.
 * @param {string} tag
 * @param {Record<string, string>} texts
 * @param {string} [zone]
 * @param {string} clock
 */
export function language(tag, texts, zone, clock = tag) {
  const plural = new Intl.PluralRules(tag);
  /** @param {Intl.DateTimeFormatOptions} options */
  const format = (options) => new Intl.DateTimeFormat(clock, { timeZone: zone, ...options });
  const formats = {
    time: format({ timeStyle: 'short' }),
    day: format({ weekday: 'long', day: 'numeric', month: 'long' }),
    date: format({ day: 'numeric', month: 'long', year: 'numeric' }),
    full: format({ dateStyle: 'long', timeStyle: 'medium' }),
    stamp: format({ dateStyle: 'short', timeStyle: 'short' }),
  };
  const calendar = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric',
  });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const numbers = new Intl.NumberFormat(tag);
  const names = new Intl.ListFormat(tag, { type: 'conjunction' });
  /** @param {number} value */
  const number = (value) => numbers.format(value);
  /** @param {string[]} items */
  const list = (items) => names.format(items);
  /** @param {string} text */
  const capital = (text) => text.charAt(0).toLocaleUpperCase(tag) + text.slice(1);

  /**
   * @param {string} name
   * @param {Record<string, unknown>} values
   */
  function t(name, values = {}) {
    const form = `${name}.${plural.select(Number(values.count ?? 0))}`;
    const text = texts[name] ?? texts[form] ?? texts[`${name}.other`] ?? name;
    /** @param {unknown} value */
    const said = (value) => (typeof value === 'number' ? number(value) : String(value));
    return text.replace(/\{(\w+)\}/g, (whole, slot) => said(values[slot] ?? whole));
  }

  /** @type {(kind: keyof typeof formats) => (at: Time) => string} */
  const write = (kind) => (at) => (known(at) ? formats[kind].format(at) : t('time.unknown'));
  const [time, full, stamp] = [write('time'), write('full'), write('stamp')];

  /**
   * The calendar's day, counted: neighbours differ by one, however long a day was.
   * @param {Time} at
   */
  function dayKey(at) {
    if (!known(at)) return null;
    const [month, date, year] = calendar.format(at).split('/').map(Number);
    return Date.UTC(year, month - 1, date) / DAY_MS;
  }

  /** @type {(at: Time, now: Time) => number} */
  const days = (at, now) => Number(dayKey(now)) - Number(dayKey(at));

  /**
   * @param {Time} at
   * @param {Time} now
   */
  function day(at, now) {
    if (!known(at)) return t('time.unknown');
    const ago = days(at, now);
    if (ago === 0 || ago === 1) return capital(relative.format(-ago, 'day'));
    return capital(formats[Math.abs(ago) < 300 ? 'day' : 'date'].format(at));
  }

  /**
   * When, for an arrival: the time, with the day where that is not today.
   * @param {Time} at
   * @param {Time} now
   */
  function when(at, now) {
    if (!known(at)) return t('time.unknown');
    return dayKey(at) === dayKey(now) ? t('at.time', { time: time(at) })
      : t('at.day', { day: day(at, now), time: time(at) });
  }

  /**
   * @param {Time} at
   * @param {Time} now
   */
  function ago(at, now) {
    if (!known(at)) return t('time.unknown');
    const seconds = Math.max(0, (now - at) / 1000);
    if (seconds < 60) return t('ago.now');
    if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
    if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour');
    return relative.format(-days(at, now), 'day');
  }

  /** @param {string} name */
  const has = (name) => name in texts;
  return { tag, has, t, time, dayKey, day, when, ago, full, stamp, number, list };
}
