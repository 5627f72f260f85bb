// SD-JWT (RFC 9901) as statements need it: flat disclosures of named claims, SHA-256, no key binding.
// <issuer-signed JWT>~<disclosure>~…~<disclosure>~

import { base64url, hex, readBase64url, readHash, sha256, utf8 } from "./bytes.js";
import { readJwt } from "./compact_jwt.js";
import { need } from "./failure.js";
import { CLAIMS, DISCLOSABLE, needShape } from "./shape.js";
import { readDisclosure } from "./strict_json.js";

const CHARACTERS_MAX = 1_000_000;
const LIST = /^\/statements\/status\/(?:0|[1-9][0-9]{0,8})-(?:0|[1-9][0-9]{0,8})$/;
const ADD_UP = ["organizations", "roles", "sectors", "years", "entries"];

/** SHA-256 of the issuer-signed JWT, hexadecimal: the same whatever is left away. */
export const digestOf = async (credential) => hex(await sha256(utf8(credential.split("~", 1)[0])));

/** Read a credential; neither signature nor disclosures are verified yet. Throws Failure. */
export async function readCredential(credential) {
  need(credential.length <= CHARACTERS_MAX, "too_long", "credential");
  const [issued, ...disclosures] = credential.split("~");
  need(disclosures.length > 0 && disclosures.pop() === "", "credential_form", "it must end with ~");
  const jwt = readJwt(issued, "dc+sd-jwt");
  const claims = jwt.payload;
  needShape(claims, CLAIMS, "claims", "claims");
  need(claims.vct === `${claims.iss}/vct/statement/1`, "claims", "vct");
  need(claims.statement.startsWith(`${claims.sub}/`), "claims", "statement");
  const { uri } = claims.status.status_list;
  need(uri.startsWith(`${claims.iss}/`) && LIST.test(uri.slice(claims.iss.length)), "claims", "status");
  need(claims.exp === undefined || claims.exp > claims.iat, "claims", "exp");
  const { from = "", to = "9999-12-31" } = claims.period;
  need(from <= to, "claims", "period");
  const digests = claims._sd;
  need(digests === undefined || digests.length > 0, "claims", "_sd");
  need((digests ?? []).every((digest, at) => at === 0 || digests[at - 1] < digest), "twice", "_sd");
  readHash(claims.as_of.root, "as_of.root");
  return { jwt, claims, digest: await digestOf(credential), disclosures };
}

/** What the disclosures say, name → value. Throws Failure where one is not the issuer's or is there twice. */
export async function disclosedClaims({ claims, disclosures }) {
  const known = new Set(claims._sd ?? []);
  const disclosed = {};
  for (const disclosure of disclosures) {
    const bytes = readBase64url(disclosure, "disclosure");
    // Removed once met: a second time it is nobody's.
    need(known.delete(base64url(await sha256(utf8(disclosure)))), "disclosure_foreign");
    const [, name, value] = readDisclosure(bytes);
    need(Object.hasOwn(DISCLOSABLE, name), "disclosure_form", name);
    need(!Object.hasOwn(disclosed, name), "twice", name);
    need(DISCLOSABLE[name](value), "disclosure_form", name);
    disclosed[name] = value;
  }
  for (const name of ADD_UP.filter((each) => Object.hasOwn(disclosed, each))) {
    const sum = disclosed[name].reduce((seconds, part) => seconds + part.verified_seconds, 0);
    need(sum === claims.verified_seconds, "sum", name);
  }
  return disclosed;
}
