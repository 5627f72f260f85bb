// What a statement discloses beside its sum, as lists, and a transcript's entries as a table.

import { element } from "./element.js";
import { isolated, machineText } from "./wording.js";

/** What is disclosed of organisations, roles, sectors, years and skills: a list each. */
export function lists(words, disclosed) {
  const dates = ({ first_date: first, last_date: last }) =>
    words.sentence("between", { from: dayOf(words, first), to: dayOf(words, last) });
  const role = ({ organization, skills }) => [
    organizationOf(words, disclosed, organization),
    ...skills.flatMap((skill) => [" · ", isolated(skill)]),
  ];
  const named = {
    organizations: (each) => [words.named(each.display_name, each.name), dates(each)],
    roles: (each) => [words.named(each.title, each.opportunity), [...role(each), element("br"), ...dates(each)]],
    sectors: (each) => [each.sector ? isolated(each.sector) : words.text("not_stated"), null],
    years: (each) => [isolated(String(each.year)), null],
    skills: (each) => [isolated(each.skill), null],
  };
  return Object.entries(named)
    .filter(([name]) => disclosed[name]?.length)
    .map(([name, lineOf]) => listOf(words, name, disclosed[name], lineOf));
}

const dayOf = (words, date) => element("bdi", { class: "day" }, words.day(date));

/** An organisation as its own disclosure calls it, else by its name for machines. */
function organizationOf(words, { organizations }, name) {
  const known = organizations?.find((each) => each.name === name);
  return known ? words.named(known.display_name, name) : machineText(name);
}

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

/** Every entry of a transcript, folded. */
export function entries(words, disclosed) {
  if (!disclosed.entries?.length) return null;
  const count = words.sentence("entries_count", { count: words.count(disclosed.entries.length) });
  const title = element("summary", {}, words.text("entries"), " ", element("small", {}, count));
  const folded = element("details", { class: "entries" }, title);
  // Thousands of rows are made when somebody looks at them.
  folded.addEventListener("toggle", () => folded.append(entriesTable(words, disclosed)), { once: true });
  return folded;
}

function entriesTable(words, disclosed) {
  const head = ["date", "work", "hours"].map((key) => element("th", { scope: "col" }, words.text(key)));
  const rows = disclosed.entries.map((entry) =>
    element(
      "tr",
      {},
      element("td", {}, dayOf(words, entry.date)),
      element(
        "td",
        {},
        words.named(entry.title, entry.opportunity),
        element("small", {}, organizationOf(words, disclosed, entry.organization)),
      ),
      element("td", {}, isolated(words.duration(entry.verified_seconds))),
    ),
  );
  return element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows));
}
