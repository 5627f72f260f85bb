// Numbers, dates and sentences for people: Latin digits in both languages, Gregorian and Umm al-Qura, each isolated so
// that nothing turns a line around.

const LOCALES = { ar: "ar-SA", en: "en-GB" };
const DAY = { day: "numeric", month: "long", year: "numeric" };
// Moments are told by the clock of Riyadh; a service date is a day as it is, wherever it was.
const ZONE = "Asia/Riyadh";

export class Wording {
  constructor(language, texts) {
    this.language = language;
    this.texts = texts;
    const locale = LOCALES[language];
    this.plural = new Intl.PluralRules(language);
    this.number = new Intl.NumberFormat(`${locale}-u-nu-latn`);
    this.formats = Object.fromEntries(
      ["UTC", ZONE].map((timeZone) => [timeZone, {
        gregorian: new Intl.DateTimeFormat(`${locale}-u-ca-gregory-nu-latn`, { ...DAY, timeZone }),
        hijri: new Intl.DateTimeFormat(`${locale}-u-ca-islamic-umalqura-nu-latn`, { ...DAY, timeZone }),
      }]),
    );
  }

  /** A text of the catalogue. */
  text(key) {
    if (!Object.hasOwn(this.texts, key)) throw new Error(`no text ${key}`);
    return this.texts[key];
  }

  /** A text with values in its braces, as nodes: each value isolated. A value may be a node already. */
  sentence(key, values = {}) {
    return this.text(key).split(/(\{\w+\})/).filter(Boolean).map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return document.createTextNode(part);
      return values[name] instanceof Node ? values[name] : isolated(values[name]);
    });
  }

  /** A whole number. */
  count(number) {
    return this.number.format(number);
  }

  /** Hours, minutes and seconds in words, without those that are 0. */
  duration(seconds) {
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const parts = [["hours", hours], ["minutes", minutes], ["seconds", seconds % 60]];
    const said = parts.filter(([, number]) => number > 0).map(([unit, number]) => this.of(unit, number));
    return said.length ? said.join(this.text("and")) : this.of("hours", 0);
  }

  of(unit, number) {
    return this.text(`${unit}_${this.plural.select(number)}`).replace("{n}", this.count(number));
  }

  /** How old something is, to the minute, or to the second below one. */
  age(seconds) {
    return seconds < 60 ? this.of("seconds", seconds) : this.duration(seconds - (seconds % 60));
  }

  /** A service date such as 2026-05-03, by the Gregorian calendar. */
  day(date) {
    return this.formats.UTC.gregorian.format(new Date(`${date}T00:00:00Z`));
  }

  /** The same in both calendars. */
  dayInBoth(date) {
    return this.inBoth(new Date(`${date}T00:00:00Z`), "UTC");
  }

  /** The day of a moment, in both calendars; unix seconds. */
  momentInBoth(unixSeconds) {
    return this.inBoth(new Date(unixSeconds * 1000), ZONE);
  }

  /** The day of a moment by each calendar: [Gregorian, Umm al-Qura]. */
  calendars(unixSeconds) {
    const { gregorian, hijri } = this.formats[ZONE];
    const moment = new Date(unixSeconds * 1000);
    return [gregorian.format(moment), hijri.format(moment)];
  }

  inBoth(moment, zone) {
    const { gregorian, hijri } = this.formats[zone];
    const values = { gregorian: gregorian.format(moment), hijri: hijri.format(moment) };
    const whole = document.createElement("span");
    whole.append(...this.sentence("both_calendars", values));
    return whole;
  }

  /** A name in the reader's language, else in the other one, else the one given, as a node that says its language. */
  named(localized, otherwise) {
    const other = this.language === "ar" ? "en" : "ar";
    const language = [this.language, other].find((each) => localized?.[each]);
    const node = isolated(language ? localized[language] : otherwise);
    if (language && language !== this.language) node.lang = language;
    return node;
  }
}

/** Text that its surroundings do not reorder. */
export function isolated(text) {
  const node = document.createElement("bdi");
  node.textContent = text;
  return node;
}

/** A name for machines: always from left to right. */
export function machineText(text) {
  const node = document.createElement("code");
  node.dir = "ltr";
  node.textContent = text;
  return node;
}
