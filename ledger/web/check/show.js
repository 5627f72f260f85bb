// What the reader sees of a verdict. Every value comes from the verified credential and is put there as text, never as
// markup: a name may hold anything.

import { entries, lists } from "./details.js";
import { element } from "./element.js";
import { isolated, machineText } from "./wording.js";

const TONES = { valid: "good", superseded: "warn", expired: "warn", unasked: "warn", other_issuer: "warn" };
const BAD = ["tampered", "revoked"];
const MARKS = { good: "✓", warn: "!", bad: "✕" };
const OUTCOME_TONES = { holds: "good", fails: "bad", not_shown: "none" };
const OUTCOME_MARKS = { holds: "✓", fails: "✕", not_shown: "–" };

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
    entries(words, verdict.disclosed),
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
  if (state === "valid" && unasked) return ["unasked", { issuer }, "state_unasked_text"];
  if (state === "valid") return [state, { issuer }, "state_valid_text"];
  if (state === "expired") return [state, { until: words.momentInBoth(claims.exp) }, "state_expired_text"];
  const then = words.duration(claims.verified_seconds);
  if (told?.nowSeconds === undefined || told.since === undefined) return [state, { then }, "state_superseded_alone"];
  const values = { then, now: words.duration(told.nowSeconds), since: words.momentInBoth(told.since) };
  return [state, values, "state_superseded_text"];
}

function verdictOf(words, state, values, textKey) {
  const tone = BAD.includes(state) ? "bad" : (TONES[state] ?? "warn");
  const title = element("h2", {}, words.text(`state_${state}`));
  return element(
    "div",
    { class: `verdict ${tone}` },
    element("span", { class: "mark", "aria-hidden": "true" }, MARKS[tone]),
    element("div", {}, title, element("p", {}, words.sentence(textKey, values))),
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

function steps(words, verdict) {
  const lines = verdict.steps.map((step) => stepOf(words, step, verdict));
  return element("section", { class: "steps" }, element("h3", {}, words.text("steps")), element("ol", {}, lines));
}

function stepOf(words, step, verdict) {
  const { name, outcome, corrected } = step;
  const title = element("strong", {}, words.text(`step_${name}`));
  const word = element("span", { class: "outcome" }, words.text(`outcome_${outcome}`));
  const why = whyOf(words, step, verdict);
  return element(
    "li",
    { class: corrected ? "warn" : OUTCOME_TONES[outcome], "data-step": name, "data-outcome": outcome },
    element("span", { class: "mark", "aria-hidden": "true" }, corrected ? MARKS.warn : OUTCOME_MARKS[outcome]),
    element("div", {}, element("p", { class: "step" }, title, " ", word), element("p", {}, why)),
  );
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
