// Signed notes and verifier keys (C2SP signed-note v1.0.0; docs/transparency.md, A checkpoint). Ed25519 alone: what
// ML-DSA-44 signs no browser can check yet, so lines of such keys are passed over like those of strangers.

import { equal, joined, readBase64, readNumber, readUtf8, sha256, utf8 } from "./bytes.js";
import { Failure, need } from "./failure.js";

const NOTE_BYTES_MAX = 1_000_000;
const LINE = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u;
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const ED25519 = 0x01;
const PUBLIC_KEY_BYTES = { 0x01: 32, 0x04: 32, 0x06: 1312 };

/** Text of up to so many bytes of UTF-8 without control characters but newline. Throws Failure. */
export function readLines(bytes, bytesMax, what) {
  need(bytes.length <= bytesMax, "too_long", what);
  const text = readUtf8(bytes, what);
  need(!CONTROL.test(text), "note_form", `${what}: control character`);
  return text;
}

/** A decimal without leading zeros, at most 2^53 - 1 here. Throws Failure. */
export function readDecimal(text, what) {
  need(/^(?:0|[1-9][0-9]{0,18})$/.test(text) && Number.isSafeInteger(Number(text)), "note_form", `${what}: no decimal`);
  return Number(text);
}

/** The Ed25519 key of the log with this name among verifier key lines, if it is there; each line must be one. */
export async function logKey(lines, origin) {
  const keys = (await Promise.all(lines.map(readVkey))).filter((key) => key.name === origin && key.type === ED25519);
  need(keys.length <= 1, "vkey", `${origin}: two keys`);
  return keys[0];
}

/** The same public key under another name, as a log's key signs its balances note. */
export const named = (key, name) => keyNamed(name, key.type, key.publicKey);

/** The text of a note that this key signed. Throws Failure; one wrong signature of the key spoils the note. */
export async function signedText(bytes, key) {
  const whole = readLines(bytes, NOTE_BYTES_MAX, "note");
  const split = whole.lastIndexOf("\n\n");
  need(split >= 0 && whole.endsWith("\n"), "note_form", "no signatures");
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2, -1).split("\n");
  need(lines.length <= 100, "note_form", "too many signatures");
  let signed = false;
  for (const { name, keyId, signature } of lines.map(readSignature)) {
    if (name !== key.name || !equal(keyId, key.keyId)) continue;
    need(await fits(key, signature, utf8(text)), "note_signature", name);
    signed = true;
  }
  need(signed, "note_unsigned", key.name);
  return text;
}

async function readVkey(line) {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(line);
  need(found && line.length <= 4096, "vkey", line.slice(0, 60));
  const typed = readBase64(found[3], "verifier key");
  need(PUBLIC_KEY_BYTES[typed[0]] === typed.length - 1, "vkey", found[1]);
  const key = await keyNamed(found[1], typed[0], typed.subarray(1));
  need(readNumber(key.keyId) === BigInt(`0x${found[2]}`), "vkey", `${found[1]}: key id`);
  return key;
}

async function keyNamed(name, type, publicKey) {
  const hash = await sha256(joined(utf8(`${name}\n`), Uint8Array.of(type), publicKey));
  return { name, type, publicKey, keyId: hash.subarray(0, 4) };
}

function readSignature(line) {
  const found = LINE.exec(line);
  need(found, "note_form", "signature line");
  const bytes = readBase64(found[2], "signature");
  need(bytes.length > 4, "note_form", "signature line");
  return { name: found[1], keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

async function fits(key, signature, text) {
  if (signature.length !== 64) return false;
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    // No fault of the statement: this browser is older than Ed25519 in WebCrypto.
    if (error.name === "NotSupportedError") throw new Unsupported();
    throw new Failure("vkey", key.name);
  }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, text);
}

/** This browser cannot check Ed25519: the step is not shown. */
export class Unsupported extends Error {}
