// JWTs in compact form, signed ES256 (RFC 7515, RFC 7518 section 3.4). The algorithm is pinned by what kind of token is
// expected and never by what a token says; a signature has its lower s, so that nobody makes a second one of a first.

import { readBase64url, readNumber, utf8 } from "./bytes.js";
import { need } from "./failure.js";
import { matching, needShape, oneOf } from "./shape.js";
import { readObject } from "./strict_json.js";

const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;

/** Read a token of this type; nothing of it is verified yet. Throws Failure. */
export function readJwt(token, typ) {
  const parts = token.split(".");
  need(parts.length === 3, "jwt_form", "not three parts");
  const [header, payload, signature] = parts.map((part) => readBase64url(part, typ));
  const said = readObject(header, "header");
  const form = { alg: oneOf("ES256"), typ: oneOf(typ), kid: matching(/^[A-Za-z0-9_-]{43}$/) };
  needShape(said, form, "jwt_header", "header");
  return {
    kid: said.kid,
    payload: readObject(payload, "payload"),
    signature,
    signed: utf8(`${parts[0]}.${parts[1]}`),
  };
}

/** Throw unless the key signed it. */
export async function needSignature(jwt, key) {
  need(jwt.signature.length === 64, "signature_wrong", "not 64 bytes");
  need(readNumber(jwt.signature.subarray(32)) <= HALF_ORDER, "signature_high_s");
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const fits = await crypto.subtle.verify(algorithm, key.crypto, jwt.signature, jwt.signed);
  need(fits, "signature_wrong", jwt.kid);
}
