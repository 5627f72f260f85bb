// Token Status List (draft-ietf-oauth-status-list-21): the signed list in which a statement's status stands.

import { inflated, readBase64url } from "./bytes.js";
import { needSignature, readJwt } from "./compact_jwt.js";
import { need } from "./failure.js";
import { keyAt } from "./issuer_keys.js";
import { counted, needShape, oneOf, shaped, text, whole } from "./shape.js";

const CHARACTERS_MAX = 600_000;
const LIST_BYTES = 1 << 18;
const REVOKED = 1;
const CLOCK_SECONDS_MAX = 300;
const LIST = shaped({ bits: oneOf(2), lst: text });
const FORM = { sub: text, iat: whole, exp: whole, ttl: counted, status_list: LIST };

/** The value at the statement's place, and how old the list is. Throws Failure. */
export async function statusOf(token, place, { issuer, now, statusSecondsMax }) {
  need(token.length <= CHARACTERS_MAX, "too_long", "status list");
  const jwt = readJwt(token, "statuslist+jwt");
  needShape(jwt.payload, FORM, "status_form", "status list");
  const { sub, iat, exp, status_list: list } = jwt.payload;
  const key = await keyAt(issuer, jwt.kid, iat);
  // Nothing says when it was signed but the list itself: under a key in wrong hands it says nothing at all.
  need(key.revoked_at === undefined, "key_revoked", jwt.kid);
  await needSignature(jwt, key);
  need(sub === place.uri, "status_other", sub);
  need(iat < exp, "status_form", "exp");
  const bytes = await inflated(readBase64url(list.lst, "status list"), LIST_BYTES, "status list");
  need(bytes.length === LIST_BYTES, "status_form", "length");
  need(place.idx < bytes.length * 4, "status_place", String(place.idx));
  const value = (bytes[place.idx >> 2] >> ((place.idx & 3) * 2)) & 3;
  // Revoked is for good, and an old list may say so; all else may have changed since.
  if (value !== REVOKED) {
    need(iat <= now + CLOCK_SECONDS_MAX, "status_clock", String(iat));
    need(now < exp && now - iat <= statusSecondsMax, "status_old", String(iat));
  }
  return { value, ageSeconds: Math.max(0, now - iat) };
}
