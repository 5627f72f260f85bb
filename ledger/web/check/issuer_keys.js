// The issuer's keys, as /.well-known/jwt-vc-issuer has them: which one counts at a moment (docs/statements.md).

import { base64url, readBase64url, sha256, utf8 } from "./bytes.js";
import { Failure, need } from "./failure.js";
import { listOf, matching, maybe, needShape, oneOf, shaped, text, whole } from "./shape.js";

const COORDINATE = matching(/^[A-Za-z0-9_-]{43}$/);
const KEY = {
  kty: oneOf("EC"), crv: oneOf("P-256"), x: COORDINATE, y: COORDINATE, kid: COORDINATE, alg: oneOf("ES256"),
  use: oneOf("sig"), valid_from: whole, valid_until: maybe(whole), revoked_at: maybe(whole),
};

/** RFC 7638 thumbprint of a key: its name. */
export async function thumbprint({ x, y }) {
  return base64url(await sha256(utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)));
}

/** The published key of this name, if it might sign at `iat`; whether it was revoked is the caller's to look at. */
export async function keyAt(issuerDocument, kid, iat) {
  const form = { issuer: text, jwks: shaped({ keys: listOf(shaped(KEY)) }) };
  needShape(issuerDocument, form, "issuer_document", "issuer document");
  const named = issuerDocument.jwks.keys.filter((key) => key.kid === kid);
  need(named.length === 1, "key_unknown", kid);
  const [key] = named;
  need((await thumbprint(key)) === kid, "issuer_document", "kid is not the key's thumbprint");
  need(key.valid_from <= iat, "key_not_yet", kid);
  need(key.valid_until === undefined || iat < key.valid_until, "key_ended", kid);
  return { ...key, crypto: await imported(key) };
}

async function imported({ x, y }) {
  readBase64url(x, "x");
  readBase64url(y, "y");
  const jwk = { kty: "EC", crv: "P-256", x, y };
  try {
    return await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch {
    throw new Failure("issuer_document", "not a point of the curve");
  }
}
