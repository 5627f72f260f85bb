// What the reader sees of a verdict. Every value comes from the verified credential and is put there as text, never as
// markup: a name may hold anything.

import { isolated, machineText } from "./wording.js";

const TONES = { valid: "good", superseded: "warn", expired: "warn", unasked: "warn", other_issuer: "warn" };
const BAD = ["tampered", "revoked"];
const MARKS = { good: "✓", warn: "!", bad: "✕" };
const OUTCOME_TONES = { holds: "good", fails: "bad", not_shown: "none" };
const OUTCOME_MARKS = { holds: "✓", fails: "✕", not_shown: "–" };

/** An element with attributes and children; texts among them become text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A state without a statement: what to do is in its text. */
export function stateCard(words, state, values = {}, textKey = `state_${state}_text`, ...more) {
  return element("section", { class: "card", "data-state": state }, verdictOf(words, state, values, textKey), ...more);
}

/** A verdict with what its statement says. `told` is what the service said besides: {nowSeconds, since}. */
export function statementCard(words, verdict, told) {
  const { claims } = verdict.credential;
  return element(
    "section",
    { class: "card", "data-state": verdict.state },
    who(words, claims),
    verdictOf(words, ...verdictText(words, verdict, told)),
    facts(words, claims, verdict, told),
    lists(words, verdict.disclosed),
    entries(words, verdict.disclosed.entries),
    steps(words, verdict),
  );
}

/** The card of a statement that does not hold: its steps, and nothing of what it says. */
export function refusedCard(words, verdict, state, values, textKey) {
  return stateCard(words, state, values, textKey, steps(words, verdict));
}

function verdictText(words, { state, credential, steps: done }, told) {
  const { claims } = credential;
  const issuer = machineText(claims.iss);
  const unasked = done.some(({ name, outcome }) => name === "status" && outcome === "not_shown");
  if (state === "valid") return unasked ? ["unasked", { issuer }, "state_unasked_text"] : [state, { issuer }, "state_valid_text"];
  if (state === "expired") return [state, { until: words.momentInBoth(claims.exp) }, "state_expired_text"];
  const then = words.duration(claims.verified_seconds);
  if (told?.nowSeconds === undefined || told.since === undefined) return [state, { then }, "state_superseded_alone"];
  const values = { then, now: words.duration(told.nowSeconds), since: words.momentInBoth(told.since) };
  return [state, values, "state_superseded_text"];
}

function verdictOf(words, state, values, textKey) {
  const tone = BAD.includes(state) ? "bad" : (TONES[state] ?? "warn");
  return element(
    "div",
    { class: `verdict ${tone}` },
    element("span", { class: "mark", "aria-hidden": "true" }, MARKS[tone]),
    element("div", {}, element("h2", {}, words.text(`state_${state}`)), element("p", {}, words.sentence(textKey, values))),
  );
}

function who(words, claims) {
  const [gregorian, hijri] = words.calendars(claims.iat);
  return element(
    "div",
    { class: "who" },
    element(
      "dl",
      {},
      pair(words.text("initials"), element("bdi", { class: "initials" }, claims.initials)),
      pair(words.text("issued"), isolated(gregorian), element("br"), element("small", {}, isolated(hijri))),
    ),
    element("p", { class: "hint" }, words.text("compare")),
  );
}

function facts(words, claims, { disclosed, state }, told) {
  const left = (claims._sd?.length ?? 0) - Object.keys(disclosed).length;
  const chosen = claims.only_organizations.flatMap((name, at) => [at ? ", " : "", machineText(name)]);
  return element(
    "dl",
    { class: "facts" },
    ...sums(words, claims, state === "superseded", told?.nowSeconds),
    disclosed.full_name === undefined ? null : pair(words.text("full_name"), isolated(disclosed.full_name)),
    pair(words.text("period"), ...periodOf(words, claims.period)),
    chosen.length ? pair(words.text("only_organizations"), ...chosen) : null,
    pair(words.text("recorded_through"), words.momentInBoth(Date.parse(claims.as_of.recorded_through) / 1000)),
    claims.exp === undefined ? null : pair(words.text("expires"), words.momentInBoth(claims.exp)),
    left > 0 ? pair(words.text("left_away"), isolated(words.count(left))) : null,
  );
}

// Of corrected hours those of today are the ones to go by.
function sums(words, claims, isSuperseded, nowSeconds) {
  const then = words.duration(claims.verified_seconds);
  const big = (key, seconds) => pair(words.text(key), element("bdi", { class: "sum" }, words.duration(seconds)));
  if (!isSuperseded) return [big("verified_hours", claims.verified_seconds)];
  const now = nowSeconds === undefined ? null : big("hours_now", nowSeconds);
  return [now, pair(words.text("hours_then"), isolated(then))];
}

const pair = (name, ...values) => element("div", {}, element("dt", {}, name), element("dd", {}, ...values));

function periodOf(words, { from, to }) {
  const values = { from: from && words.dayInBoth(from), to: to && words.dayInBoth(to) };
  if (from && to) return words.sentence("period_both", values);
  if (from) return words.sentence("period_from", values);
  return to ? words.sentence("period_to", values) : [words.text("period_whole")];
}

function lists(words, disclosed) {
  const dates = (each) => words.sentence("between", { from: words.day(each.first_date), to: words.day(each.last_date) });
  const named = {
    organizations: (each) => [words.named(each.display_name, each.name), dates(each)],
    roles: (each) => [words.named(each.title, each.opportunity), [...roleOf(each), element("br"), ...dates(each)]],
    sectors: (each) => [each.sector ? isolated(each.sector) : words.text("not_stated"), null],
    years: (each) => [isolated(String(each.year)), null],
    skills: (each) => [isolated(each.skill), null],
  };
  return Object.entries(named)
    .filter(([name]) => disclosed[name]?.length)
    .map(([name, lineOf]) => listOf(words, name, disclosed[name], lineOf));
}

const roleOf = ({ skills, organization }) =>
  skills.length ? skills.flatMap((skill, at) => [at ? " · " : "", isolated(skill)]) : [machineText(organization)];

function listOf(words, name, parts, lineOf) {
  const lines = parts.map((part) => {
    const [title, under] = lineOf(part);
    return element(
      "li",
      {},
      element("span", { class: "what" }, title, under ? element("small", {}, under) : null),
      element("bdi", { class: "how-long" }, words.duration(part.verified_seconds)),
    );
  });
  return element("section", { class: "list" }, element("h3", {}, words.text(name)), element("ul", {}, lines));
}

function entries(words, list) {
  if (!list?.length) return null;
  const folded = element("details", { class: "entries" },
    element("summary", {}, words.text("entries"), " ", element("small", {}, words.sentence("entries_count", { count: words.count(list.length) }))));
  // Thousands of rows are made when somebody looks at them.
  folded.addEventListener("toggle", () => folded.append(entriesTable(words, list)), { once: true });
  return folded;
}

function entriesTable(words, list) {
  const head = ["date", "work", "hours"].map((key) => element("th", { scope: "col" }, words.text(key)));
  const rows = list.map((entry) =>
    element(
      "tr",
      {},
      element("td", {}, isolated(words.day(entry.date))),
      element("td", {}, words.named(entry.title, entry.opportunity), element("small", {}, machineText(entry.organization))),
      element("td", {}, isolated(words.duration(entry.verified_seconds))),
    ),
  );
  return element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows));
}

function steps(words, verdict) {
  const lines = verdict.steps.map((step) => {
    const tone = step.corrected ? "warn" : OUTCOME_TONES[step.outcome];
    return element(
      "li",
      { class: tone, "data-step": step.name, "data-outcome": step.outcome },
      element("span", { class: "mark", "aria-hidden": "true" }, step.corrected ? "!" : OUTCOME_MARKS[step.outcome]),
      element("div", {},
        element("p", { class: "step" }, element("strong", {}, words.text(`step_${step.name}`)), " ",
          element("span", { class: "outcome" }, words.text(`outcome_${step.outcome}`))),
        element("p", {}, whyOf(words, step, verdict))),
    );
  });
  return element("section", { class: "steps" }, element("h3", {}, words.text("steps")), element("ol", {}, lines));
}

function whyOf(words, { name, outcome, reason }, verdict) {
  if (outcome !== "holds") return words.text(`why_${reason}`);
  return words.sentence(`holds_${name}`, {
    issuer: machineText(verdict.issuer),
    key: machineText(verdict.kid),
    log: machineText(verdict.log?.origin ?? ""),
    position: verdict.log ? words.count(verdict.log.position) : "",
    age: words.age(verdict.statusAgeSeconds ?? 0),
  });
}
