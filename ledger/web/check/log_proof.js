// That the event which issued the statement is in the log: its bytes, the proof file (C2SP tlog-proof), the checkpoint
// (C2SP tlog-checkpoint), RFC 6962 hashes and the proof of inclusion by RFC 9162 section 2.1.3.2.

import { base64, equal, hex, joined, readBase64, readHash, sha256, utf8 } from "./bytes.js";
import { need } from "./failure.js";
import { readDecimal, readLines, signedText } from "./signed_note.js";
import { readObject } from "./strict_json.js";

const PROOF_BYTES_MAX = 2_000_000;
const EVENT_BYTES_MAX = 65_535;
const HEADER = "c2sp.org/tlog-proof@v1";

export const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));
export const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

/** The log's checkpoint in a proof that leads from these bytes to it, and their position. Throws Failure. */
export async function includedEvent(proofFile, event, key) {
  const proof = readProof(proofFile);
  const checkpoint = readCheckpoint(await signedText(proof.checkpoint, key));
  need(checkpoint.origin === key.name, "log_other", checkpoint.origin);
  need(event.length >= 1 && event.length <= EVENT_BYTES_MAX, "event_form", "length");
  await needInclusion(await leafHash(event), proof.index, checkpoint, proof.hashes);
  return { position: proof.index + 1, checkpoint };
}

/** When it was recorded, unix seconds. Throws unless `statement-issued` in these bytes speaks of this credential. */
export function needEventOf(event, { claims, digest, jwt }, position, disclosed) {
  const said = readObject(event, "event");
  const data = said.data;
  const envelope = {
    specversion: "1.0", type: "statement-issued", subject: claims.statement, schemaversion: 1,
    partition: claims.as_of.partition, position,
  };
  needSame(said, envelope, "event");
  need(data !== null && typeof data === "object", "event_other", "data");
  const { from, to } = claims.period;
  const { idx, uri } = claims.status.status_list;
  needSame(data, {
    statement: claims.statement, holder: claims.sub, kind: claims.kind, period_start: from, period_end: to,
    verified_seconds: claims.verified_seconds, size: claims.as_of.size, root: rootOf(claims),
    credential_digest: digest, issuer_key: jwt.kid, status_index: idx,
  }, "event");
  need(sameList(data.organizations, claims.only_organizations), "event_other", "organizations");
  const shown = disclosed.map((name) => (name === "full_name" ? "name" : name));
  need(Array.isArray(data.shown) && shown.every((name) => data.shown.includes(name)), "event_other", "shown");
  // The event names its list by the number; the claim by the address that ends in it.
  const list = `${claims.iss}/statements/status/${claims.as_of.partition}-${data.status_list}`;
  need(Number.isSafeInteger(data.status_list) && uri === list, "event_other", "status_list");
  const ends = data.expires === undefined ? undefined : Date.parse(data.expires) / 1000;
  need(ends === claims.exp, "event_other", "expires");
  need(position > claims.as_of.size, "event_position", String(position));
  const recordedAt = Date.parse(said.time) / 1000;
  need(Number.isFinite(recordedAt), "event_form", "time");
  return recordedAt;
}

const rootOf = (claims) => hex(readHash(claims.as_of.root, "as_of.root"));

function needSame(object, wanted, what) {
  for (const [name, value] of Object.entries(wanted)) need(object[name] === value, "event_other", `${what}: ${name}`);
}

function sameList(one, other) {
  return Array.isArray(one) && one.length === other.length && [...one].sort().join() === [...other].sort().join();
}

function readProof(bytes) {
  const whole = readLines(bytes, PROOF_BYTES_MAX, "tlog-proof");
  const split = whole.indexOf("\n\n");
  need(split >= 0, "proof_form", "no checkpoint");
  const [header, ...lines] = whole.slice(0, split).split("\n");
  need(header === HEADER, "proof_form", "first line");
  // Whatever its maker added is signed by nobody: read past.
  if (lines[0]?.startsWith("extra ")) readBase64(lines.shift().slice(6), "extra");
  need(lines[0]?.startsWith("index "), "proof_form", "no index");
  const index = readDecimal(lines.shift().slice(6), "index");
  need(lines.length <= 63, "proof_form", "too many hashes");
  return { index, hashes: lines.map((line) => readHash(line, "hash")), checkpoint: utf8(whole.slice(split + 2)) };
}

function readCheckpoint(text) {
  const lines = text.split("\n");
  need(lines.length >= 4 && lines.pop() === "" && !lines.includes(""), "note_form", "checkpoint");
  const [origin, size, root] = lines;
  return { origin, size: readDecimal(size, "size"), root: readHash(root, "root") };
}

async function needInclusion(leaf, index, { size, root }, hashes) {
  need(index < size, "inclusion", "index beyond the log");
  // BigInt: a log may be longer than the 32 bits that shifts of numbers have.
  let [at, last, computed] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const sibling of hashes) {
    need(last !== 0n, "inclusion", "too many hashes");
    if (at & 1n || at === last) {
      computed = await nodeHash(sibling, computed);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else computed = await nodeHash(computed, sibling);
    [at, last] = [at >> 1n, last >> 1n];
  }
  need(last === 0n, "inclusion", "too few hashes");
  need(equal(computed, root), "inclusion", `leads to ${base64(computed)}`);
}
