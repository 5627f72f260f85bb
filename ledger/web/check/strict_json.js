// JSON that every reader takes in one way: RFC 8259 leaves open what a member means that is there twice, and two
// programs could then read two statements out of the same signed bytes.

import { readUtf8 } from "./bytes.js";
import { Failure, need } from "./failure.js";

const VALUE = /^(?:true|false|-?[0-9]+)$/;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs;

/** A JSON object out of UTF-8 bytes: no member twice, no null, whole numbers alone, no half characters. */
export function readObject(bytes, what) {
  const text = readUtf8(bytes, what);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure("not_json", what);
  }
  need(value !== null && typeof value === "object" && !Array.isArray(value), "not_json", `${what}: not an object`);
  needOnce(text, what);
  return value;
}

/** An array of [salt, name, value], as a disclosure is. Throws Failure. */
export function readDisclosure(bytes) {
  const text = readUtf8(bytes, "disclosure");
  const value = readObject(new TextEncoder().encode(`{"disclosure":${text}}`), "disclosure").disclosure;
  const holds = Array.isArray(value) && value.length === 3;
  need(holds && typeof value[0] === "string" && typeof value[1] === "string", "disclosure_form", "not three parts");
  return value;
}

// The text is known to be JSON: only its tokens are walked.
function needOnce(text, what) {
  const open = [];
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token[0] === '"') needText(token, open.at(-1), before, what);
    else if (token !== ":" && token !== ",") need(VALUE.test(token), "not_json", `${what}: ${token}`);
    before = token;
  }
}

function needText(token, members, before, what) {
  const text = JSON.parse(token);
  need(text.isWellFormed ? text.isWellFormed() : !/\p{Surrogate}/u.test(text), "not_json", `${what}: half a character`);
  // In an object a text behind { or , is a name; behind : it is a value.
  if (!members || before === ":") return;
  need(!members.has(text), "twice", `${what}: ${text}`);
  members.add(text);
}
