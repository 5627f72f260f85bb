// The forms that claims must have: every member named here, none besides, each of its kind.

import { need } from "./failure.js";

const ID = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HASH = /^[A-Za-z0-9_-]{43}$/;
/** Of a status list. */
const PLACES = 1 << 20;

export const text = (value) => typeof value === "string";
export const whole = (value) => Number.isSafeInteger(value) && value >= 0;
export const counted = (value) => whole(value) && value >= 1;
export const matching = (expression) => (value) => text(value) && expression.test(value);
export const oneOf = (...values) => (value) => values.includes(value);
export const listOf = (check) => (value) => Array.isArray(value) && value.every(check);
export const maybe = (check) => (value) => value === undefined || check(value);
/** An object with these members and no other; those that `maybe` wraps may be absent. */
export const shaped = (members) => (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) &&
  Object.keys(value).every((name) => Object.hasOwn(members, name)) &&
  Object.entries(members).every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));

/** A day that there is, as YYYY-MM-DD. */
export const date = (value) => {
  if (!text(value) || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
};
/** A moment of RFC 3339 in UTC. */
export const moment = (value) =>
  matching(/^[0-9-]{10}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$/)(value) && !Number.isNaN(Date.parse(value));
export const localized = shaped({ ar: maybe(text), en: maybe(text) });

const ORGANIZATION = {
  name: text, display_name: localized, verified_seconds: whole, first_date: date, last_date: date,
};
const ROLE = {
  opportunity: text, title: localized, organization: text, skills: listOf(text), verified_seconds: whole,
  first_date: date, last_date: date,
};
const ENTRY = {
  date, organization: text, opportunity: text, title: localized, verified_seconds: whole, position: counted,
};

/** What may be left away: name of the disclosure → the form of its value. */
export const DISCLOSABLE = {
  full_name: text,
  organizations: listOf(shaped(ORGANIZATION)),
  roles: listOf(shaped(ROLE)),
  sectors: listOf(shaped({ sector: text, verified_seconds: whole })),
  years: listOf(shaped({ year: whole, verified_seconds: whole })),
  skills: listOf(shaped({ skill: text, verified_seconds: whole })),
  entries: (value) => listOf(shaped(ENTRY))(value) && value.length <= 5000,
};

/** What stands in every statement. */
export const CLAIMS = {
  iss: matching(/^https:\/\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?$/),
  iat: whole,
  exp: maybe(whole),
  vct: text,
  sub: matching(new RegExp(`^volunteers/${ID}$`)),
  statement: matching(new RegExp(`^volunteers/${ID}/statements/${ID}$`)),
  kind: oneOf("statement", "transcript"),
  initials: (value) => text(value) && [...value].length <= 20,
  period: shaped({ from: maybe(date), to: maybe(date) }),
  only_organizations: listOf(text),
  verified_seconds: whole,
  as_of: shaped({ origin: text, partition: whole, size: counted, root: text, recorded_through: moment }),
  status: shaped({ status_list: shaped({ idx: (value) => whole(value) && value < PLACES, uri: text }) }),
  _sd_alg: oneOf("sha-256"),
  _sd: maybe(listOf(matching(HASH))),
};

/** Throw unless the object has this form; the detail names the member that has not. */
export function needShape(value, members, code, what) {
  const foreign = Object.keys(value).find((name) => !Object.hasOwn(members, name));
  need(foreign === undefined, code, `${what}: ${foreign}`);
  for (const [name, check] of Object.entries(members)) {
    need(check(Object.hasOwn(value, name) ? value[name] : undefined), code, `${what}: ${name}`);
  }
}
