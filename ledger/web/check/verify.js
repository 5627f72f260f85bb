// The steps of docs/statements.md (How it is checked), without page or network: evidence in, verdict out.
// A step ends as holds, fails or not_shown. What fails first ends the check, but for `status`.

import { needSignature } from "./compact_jwt.js";
import { disclosedClaims, readCredential } from "./credential.js";
import { Failure, need } from "./failure.js";
import { keyAt } from "./issuer_keys.js";
import { includedEvent, needEventOf } from "./log_proof.js";
import { provenBalance } from "./balance_proof.js";
import { logKey, Unsupported } from "./signed_note.js";
import { statusOf } from "./status_list.js";

const STATES = { 0: "valid", 1: "revoked", 3: "superseded" };

/**
 * evidence: {credential: text, event, tlogProof, balanceProof: bytes or null, statusList: text or null,
 *            linkDigest: hexadecimal or null, statusReason: why there is no list}
 * trust:    {issuer: the issuer's document, logKeys: verifier key lines, now: unix seconds, statusSecondsMax}
 * verdict:  {state, steps: [{name, outcome, reason, detail, corrected?}], failed: name or null, detail, issuer,
 *            kid?, statusAgeSeconds?, log?: {origin, position, size}, credential?, disclosed?: unless it failed}
 */
export async function verifyStatement(evidence, trust) {
  const check = new Check(evidence, trust);
  for (const [name, step] of check.inOrder()) await check.run(name, step);
  if (check.credential) await check.run("status", () => check.status(), true);
  else check.notReached("status");
  return check.verdict();
}

/** A step that cannot be shown, with the code of the reason. */
class NotShown extends Error {}

class Check {
  constructor(evidence, trust) {
    this.evidence = evidence;
    this.trust = trust;
    this.steps = [];
    this.failed = null;
    this.state = "valid";
  }

  inOrder() {
    const link = this.evidence.linkDigest ? [["link", () => this.link()]] : [];
    return [
      ["form", () => this.form()], ...link, ["signature", () => this.signature()],
      ["disclosures", () => this.disclosures()], ["log", () => this.log()], ["complete", () => this.complete()],
    ];
  }

  async run(name, step, always = false) {
    if (this.failed && !always) return this.notReached(name);
    const ended = await outcomeOf(step);
    if (ended.outcome === "fails") this.failed ??= name;
    return this.steps.push({ name, ...ended });
  }

  notReached(name) {
    return this.steps.push({ name, outcome: "not_shown", reason: "not_reached", detail: "" });
  }

  async form() {
    this.read = await readCredential(this.evidence.credential);
    need(this.read.claims.iss === this.trust.issuer.issuer, "other_issuer", this.read.claims.iss);
    this.credential = this.read;
  }

  async link() {
    need(this.evidence.linkDigest === this.credential.digest, "link_other");
  }

  async signature() {
    const { jwt, claims } = this.credential;
    const key = await keyAt(this.trust.issuer, jwt.kid, claims.iat);
    await needSignature(jwt, key);
    if (key.revoked_at === undefined) return;
    // Whoever has a revoked key writes any iat: only the log tells that it was before.
    const recordedAt = await this.log().catch((error) => {
      throw error instanceof NotShown || error instanceof Unsupported ? new Failure("key_revoked", jwt.kid) : error;
    });
    need(recordedAt < key.revoked_at, "key_revoked", jwt.kid);
  }

  async disclosures() {
    this.disclosed = await disclosedClaims(this.credential);
  }

  async log() {
    const { event, tlogProof } = this.evidence;
    if (!event || !tlogProof) throw new NotShown("no_event");
    const key = await this.keyOfLog();
    const { position, checkpoint } = await includedEvent(tlogProof, event, key);
    this.shownLog = { origin: checkpoint.origin, position, size: checkpoint.size };
    return needEventOf(event, this.credential, position, Object.keys(this.disclosed ?? {}));
  }

  async keyOfLog() {
    const key = await logKey(this.trust.logKeys, this.credential.claims.as_of.origin);
    if (!key) throw new NotShown("log_unknown");
    return key;
  }

  async complete() {
    const { period, only_organizations: chosen, as_of: asOf, sub, verified_seconds: seconds } = this.credential.claims;
    if (chosen.length || period.from || period.to) throw new NotShown("selection");
    if (!this.evidence.balanceProof) throw new NotShown("no_balance");
    const shown = await provenBalance(this.evidence.balanceProof, await this.keyOfLog());
    need(shown.holder === sub, "balance_other", shown.holder);
    need(shown.size === asOf.size && shown.logRoot === asOf.root, "balance_size", String(shown.size));
    need(shown.partition === asOf.partition, "balance_partition", String(shown.partition));
    need(shown.verifiedSeconds === seconds, "balance_seconds", String(shown.verifiedSeconds));
  }

  async status() {
    // An empty text is a list that is broken, not one that was not given.
    if (this.evidence.statusList === null) throw new NotShown(this.evidence.statusReason ?? "no_status");
    const found = await statusOf(this.evidence.statusList, this.credential.claims.status.status_list, this.trust);
    this.statusAgeSeconds = found.ageSeconds;
    need(Object.hasOwn(STATES, found.value), "status_form", String(found.value));
    this.state = STATES[found.value];
    if (this.state !== "valid") throw new Corrected(`status_${this.state}`);
  }

  verdict() {
    const broken = this.steps.find(({ outcome, corrected }) => outcome === "fails" && !corrected);
    const { exp } = this.credential?.claims ?? {};
    let state = broken ? "tampered" : this.state;
    if (broken?.reason === "other_issuer") state = "other_issuer";
    if ((state === "valid" || state === "superseded") && this.trust.now >= (exp ?? Infinity)) state = "expired";
    const { steps, statusAgeSeconds, shownLog: log } = this;
    const shown = broken ? {} : { credential: this.credential, disclosed: this.disclosed };
    const { issuer } = this.trust.issuer;
    const failed = broken?.name ?? null;
    const kid = this.credential?.jwt.kid;
    return { state, steps, failed, detail: broken?.detail ?? "", issuer, kid, statusAgeSeconds, log, ...shown };
  }
}

/** The list is good and says that the statement is not as it was issued. */
class Corrected extends Error {}

async function outcomeOf(step) {
  try {
    await step();
    return { outcome: "holds", reason: "", detail: "" };
  } catch (error) {
    if (error instanceof Corrected) return { outcome: "fails", reason: error.message, detail: "", corrected: true };
    if (error instanceof NotShown) return { outcome: "not_shown", reason: error.message, detail: "" };
    if (error instanceof Unsupported) return { outcome: "not_shown", reason: "browser", detail: "" };
    if (error instanceof Failure) return { outcome: "fails", reason: error.code, detail: error.detail };
    // Whatever else goes wrong must never read as good.
    return { outcome: "fails", reason: "inside", detail: String(error) };
  }
}
