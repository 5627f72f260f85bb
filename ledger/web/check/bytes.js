// Bytes and their texts, each in its one canonical spelling: base64 (RFC 4648 section 4), base64url without padding
// (RFC 7515 section 2), hexadecimal; and SHA-256. A reader that took a second spelling would let the same statement
// exist in different bytes.

import { Failure } from "./failure.js";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

export const utf8 = (text) => new TextEncoder().encode(text);

/** Text of UTF-8 bytes, a byte order mark kept as the character it is. Throws Failure. */
export function readUtf8(bytes, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure("not_utf8", what);
  }
}

export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export const base64url = (bytes) =>
  base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** Bytes of standard base64 with padding. Throws Failure. */
export function readBase64(text, what) {
  if (!BASE64.test(text)) throw new Failure("spelling", `${what}: not base64`);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (base64(bytes) !== text) throw new Failure("spelling", `${what}: base64 is not canonical`);
  return bytes;
}

/** Bytes of base64url without padding. Throws Failure. */
export function readBase64url(text, what) {
  if (!BASE64URL.test(text) || text.length % 4 === 1) throw new Failure("spelling", `${what}: not base64url`);
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return readBase64(standard + "=".repeat((4 - (text.length % 4)) % 4), what);
}

/** One SHA-256 hash in base64. Throws Failure. */
export function readHash(text, what) {
  const bytes = readBase64(text, what);
  if (bytes.length !== 32) throw new Failure("spelling", `${what}: not 32 bytes`);
  return bytes;
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** An unsigned big-endian number of up to 8 bytes, as a BigInt. */
export const readNumber = (bytes) => bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);

/** What a compressed stream holds ("deflate" is zlib), never more than bytesMax. Throws Failure. */
export async function inflated(bytes, bytesMax, what) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(...parts);
      length += value.length;
      // A few thousand bytes can hold gigabytes: stopped before they are kept.
      if (length > bytesMax) break;
      parts.push(value);
    }
  } catch {
    throw new Failure("compression", what);
  }
  await reader.cancel().catch(() => undefined);
  throw new Failure("too_long", what);
}
