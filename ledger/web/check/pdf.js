// The attachments of a PDF, as far as statements need them (ISO 32000-1 sections 7.3, 7.5.7, 7.11): file specifications
// and the streams they name, found by their objects' marks. Whatever else is in the file is not looked at.

import { inflated } from "./bytes.js";
import { Failure, need } from "./failure.js";

const PDF_BYTES_MAX = 20_000_000;
const ATTACHMENT_BYTES_MAX = 3_000_000;
const OBJECT = /(?:^|[\s>])(\d{1,9}) (\d{1,5}) obj\b/g;

/** Attachments by name, of those names alone. Throws Failure: no PDF, encrypted, a name twice, nothing there. */
export async function attachments(bytes, names) {
  need(bytes.length <= PDF_BYTES_MAX, "too_long", "PDF");
  // One character a byte, so that places in the text are places in the file.
  const text = new TextDecoder("latin1").decode(bytes);
  need(text.slice(0, 1024).includes("%PDF-"), "no_pdf");
  need(!/\/Encrypt\b/.test(text.slice(text.lastIndexOf("trailer"))), "pdf_encrypted");
  const objects = await objectsOf(text, bytes);
  const found = new Map();
  for (const { dictionary } of objects.values()) {
    const spec = fileSpecification(dictionary);
    if (!spec || !names.includes(spec.name)) continue;
    const stream = objects.get(spec.stream);
    need(stream?.start !== undefined, "pdf_broken", spec.name);
    need(!found.has(spec.name), "twice", spec.name);
    found.set(spec.name, await contentOf(stream, bytes, objects, spec.name));
  }
  return found;
}

async function objectsOf(text, bytes) {
  const objects = new Map();
  for (const found of text.matchAll(OBJECT)) {
    const object = readObjectAt(text, found.index + found[0].length);
    if (!object) continue;
    // A later object of the same number replaces the earlier one (incremental updates).
    objects.set(`${found[1]} ${found[2]}`, object);
  }
  for (const object of [...objects.values()]) {
    if (/\/Type\s*\/ObjStm\b/.test(object.dictionary)) await addPacked(object, bytes, objects);
  }
  return objects;
}

function readObjectAt(text, start) {
  const end = text.indexOf("endobj", start);
  if (end < 0) return null;
  const mark = /^[\s\S]*?(>>\s*stream\r?\n|endobj)/.exec(text.slice(start, Math.min(end + 6, start + 100_000)));
  if (!mark) return null;
  const isStream = mark[1] !== "endobj";
  const dictionary = text.slice(start, start + mark[0].length);
  if (!isStream) return { dictionary };
  const from = start + mark[0].length;
  return { dictionary, start: from, until: text.indexOf("endstream", from) };
}

// Files that went through another program may keep dictionaries in compressed object streams.
async function addPacked(object, bytes, objects) {
  const first = Number(/\/First\s+(\d+)/.exec(object.dictionary)?.[1]);
  const packed = new TextDecoder("latin1").decode(await contentOf(object, bytes, objects, "object stream"));
  const numbers = packed.slice(0, first).trim().split(/\s+/).map(Number);
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const name = `${numbers[at]} 0`;
    const dictionary = packed.slice(first + numbers[at + 1], first + (numbers[at + 3] ?? packed.length));
    if (!objects.has(name)) objects.set(name, { dictionary });
  }
}

async function contentOf({ dictionary, start, until }, bytes, objects, name) {
  const length = lengthOf(dictionary, objects) ?? until - start;
  need(start + length <= bytes.length && length >= 0, "pdf_broken", name);
  const raw = bytes.subarray(start, start + length);
  const filter = /\/Filter\s*(?:\[\s*)?\/(\w+)\s*\]?/.exec(dictionary)?.[1];
  if (filter === undefined) {
    need(raw.length <= ATTACHMENT_BYTES_MAX, "too_long", name);
    return raw;
  }
  const known = filter === "FlateDecode" && !/\/Predictor\b/.test(dictionary);
  if (!known) throw new Failure("pdf_broken", `${name}: ${filter}`);
  return inflated(raw, ATTACHMENT_BYTES_MAX, name);
}

function lengthOf(dictionary, objects) {
  const found = /\/Length\s+(\d+)(?:\s+(\d+)\s+R)?/.exec(dictionary);
  if (!found) return null;
  if (found[2] === undefined) return Number(found[1]);
  const number = /^\s*(\d+)/.exec(objects.get(`${found[1]} ${found[2]}`)?.dictionary ?? "");
  return number ? Number(number[1]) : null;
}

function fileSpecification(dictionary) {
  const stream = /\/EF\s*<<[^>]*?\/(?:UF|F)\s+(\d+)\s+(\d+)\s+R/.exec(dictionary);
  if (!stream) return null;
  const outside = dictionary.replace(/\/EF\s*<<[^>]*>>/, "");
  const name = nameIn(outside, "UF") ?? nameIn(outside, "F");
  return name && { name, stream: `${stream[1]} ${stream[2]}` };
}

function nameIn(dictionary, key) {
  const found = new RegExp(`/${key}\\s*(?:\\(((?:[^()\\\\]|\\\\.)*)\\)|<([0-9A-Fa-f\\s]*)>)`).exec(dictionary);
  if (!found) return null;
  const raw = found[2] === undefined ? unescaped(found[1]) : fromHex(found[2].replace(/\s/g, ""));
  if (!raw.startsWith("\xfe\xff")) return raw;
  return new TextDecoder("utf-16be").decode(Uint8Array.from(raw.slice(2), (character) => character.charCodeAt(0)));
}

// \056 is a character by its octal number, \( a parenthesis.
const unescaped = (literal) =>
  literal.replace(/\\([0-7]{1,3}|[^])/g, (_, sign) =>
    /^[0-7]/.test(sign) ? String.fromCharCode(parseInt(sign, 8)) : sign,
  );

const fromHex = (digits) =>
  String.fromCharCode(...Array.from({ length: digits.length >> 1 }, (_, at) => parseInt(digits.substr(at * 2, 2), 16)));
