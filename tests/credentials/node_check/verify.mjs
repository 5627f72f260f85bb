// Verifies credentials and their status with @sd-jwt/sd-jwt-vc, which knows nothing of this project.
// In: JSON [{"credential", "statusList", "keys", "now"}]; out: JSON [{"good", "said", "payload"}].
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

const { subtle } = globalThis.crypto;
const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64url"));

async function verified(data, signature, keys) {
  const { kid } = JSON.parse(Buffer.from(data.split(".")[0], "base64url"));
  const jwk = keys.find((key) => key.kid === kid);
  if (!jwk) throw new Error(`no key ${kid}`);
  const { kty, crv, x, y } = jwk;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]);
  return subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, bytes(signature), new TextEncoder().encode(data));
}

async function answer({ credential, statusList, keys, now }) {
  const instance = new SDJwtVcInstance({
    hasher: async (data) => new Uint8Array(await subtle.digest("SHA-256", typeof data === "string" ? new TextEncoder().encode(data) : data)),
    hashAlg: "sha-256",
    verifier: (data, signature) => verified(data, signature, keys.jwks.keys),
    statusListFetcher: async () => statusList,
  });
  try {
    const { payload } = await instance.verify(credential, { currentDate: now });
    return { good: true, said: "", payload };
  } catch (error) {
    return { good: false, said: error.message, payload: null };
  }
}

let asked = "";
for await (const chunk of process.stdin) asked += chunk;
console.log(JSON.stringify(await Promise.all(JSON.parse(asked).map(answer))));
