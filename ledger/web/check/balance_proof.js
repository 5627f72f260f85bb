// That nothing is left out: the balance proof file of a person, its signed note and the way to the map's root
// (docs/provable-balances.md sections 3 to 6). Gives the verified seconds of the holder at the note's size.

import { base64, equal, joined, readBase64, readHash, readNumber, sha256, utf8 } from "./bytes.js";
import { need } from "./failure.js";
import { named, readDecimal, readLines, signedText } from "./signed_note.js";

const FILE = /^volunteer-hours\/balance-proof@v1\nholder ([a-z0-9/-]{1,140})\nproof ([A-Za-z0-9+/=]+)$/;
const NOTE = /^(.+)\n(.+)\n(.+)\nlog (.+)\npartition (.+) of (.+)\n$/;
const FILE_BYTES_MAX = 1_100_000;
const NUMBER_MAX = 2n ** 63n - 1n;
const BODY_BYTES = { 1: 88, 2: 0, 3: 64 };
const EMPTY = new Uint8Array(32);

const inner = (left, right) => sha256(joined(Uint8Array.of(0x11), left, right));
const leafOf = (key, value) => sha256(joined(Uint8Array.of(0x10), key, value));
const bitOf = (key, at) => (key[at >> 3] >> (7 - (at & 7))) & 1;

/** What a balance proof file shows: holder, size, log root, partition, verified seconds. `key` is the log's. */
export async function provenBalance(fileBytes, key) {
  const whole = readLines(fileBytes, FILE_BYTES_MAX, "balance proof");
  const split = whole.indexOf("\n\n");
  const found = FILE.exec(split < 0 ? "" : whole.slice(0, split));
  need(found, "balance_form", "file");
  const noteKey = await named(key, `${key.name}/balances`);
  const note = readNote(await signedText(utf8(whole.slice(split + 2)), noteKey));
  need(note.origin === noteKey.name, "log_other", note.origin);
  const holder = found[1];
  const holderKey = await sha256(utf8(holder));
  need(Number(readNumber(holderKey.subarray(0, 8)) % BigInt(note.partitions)) === note.partition, "balance_partition");
  const proof = readProof(readBase64(found[2], "balance proof"));
  need(equal(await rootOf(proof, holderKey), note.mapRoot), "balance_root");
  return { ...note, holder, verifiedSeconds: proof.kind === 1 ? Number(readNumber(proof.body.subarray(16, 24))) : 0 };
}

function readNote(text) {
  const found = NOTE.exec(text);
  need(found, "balance_form", "note");
  const note = {
    origin: found[1], size: readDecimal(found[2], "size"), mapRoot: readHash(found[3], "map root"),
    logRoot: found[4], partition: readDecimal(found[5], "partition"), partitions: readDecimal(found[6], "partitions"),
  };
  readHash(note.logRoot, "log root");
  need(note.size >= 1 && note.partition < note.partitions && note.partitions <= 1024, "balance_form", "note");
  return note;
}

function readProof(bytes) {
  const kind = bytes[1];
  need(bytes.length >= 4 && bytes[0] === 1 && kind in BODY_BYTES, "balance_form", "version or kind");
  const bodyEnd = 2 + BODY_BYTES[kind];
  need(bytes.length >= bodyEnd + 2, "balance_form", "too short");
  const depth = bytes[bodyEnd] * 256 + bytes[bodyEnd + 1];
  need(depth <= 256, "balance_form", "depth");
  return { kind, body: bytes.subarray(2, bodyEnd), siblings: readSiblings(bytes.subarray(bodyEnd + 2), depth) };
}

// Exactly one spelling: unused bits are 0, an empty sibling is told by its bit alone, nothing follows.
function readSiblings(bytes, depth) {
  const bitBytes = Math.ceil(depth / 8);
  need(bytes.length >= bitBytes, "balance_form", "too short");
  const present = Array.from({ length: bitBytes * 8 }, (_, at) => bitOf(bytes, at));
  need(present.slice(depth).every((bit) => bit === 0), "balance_form", "unused bits");
  need(bytes.length === bitBytes + 32 * present.reduce((sum, bit) => sum + bit, 0), "balance_form", "siblings");
  let at = bitBytes;
  return present.slice(0, depth).map((bit) => {
    if (!bit) return EMPTY;
    const sibling = bytes.subarray(at, (at += 32));
    need(!equal(sibling, EMPTY), "balance_form", "empty sibling");
    return sibling;
  });
}

async function rootOf({ kind, body, siblings }, holderKey) {
  need(siblings.length === 0 || !equal(siblings.at(-1), EMPTY), "balance_form", "last sibling");
  let node = await endOf(kind, body, holderKey, siblings.length);
  for (let at = siblings.length - 1; at >= 0; at -= 1) {
    node = bitOf(holderKey, at) ? await inner(siblings[at], node) : await inner(node, siblings[at]);
  }
  return node;
}

async function endOf(kind, body, holderKey, depth) {
  if (kind === 2) return EMPTY;
  if (kind === 3) {
    const other = body.subarray(0, 32);
    need(base64(other) !== base64(holderKey), "balance_form", "other leaf");
    for (let at = 0; at < depth; at += 1) need(bitOf(other, at) === bitOf(holderKey, at), "balance_form", "other leaf");
    return leafOf(other, body.subarray(32));
  }
  const numbers = Array.from({ length: 7 }, (_, at) => readNumber(body.subarray(at * 8, at * 8 + 8)));
  need(numbers.every((number) => number <= NUMBER_MAX) && numbers[6] >= 1n, "balance_form", "numbers");
  need(numbers[2] <= BigInt(Number.MAX_SAFE_INTEGER), "balance_form", "numbers");
  return leafOf(holderKey, await sha256(joined(Uint8Array.of(0x13), body)));
}
