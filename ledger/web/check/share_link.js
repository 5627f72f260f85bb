// A share link: the statement is asked for, which counts a view, and verified.

import { readBase64 } from "./bytes.js";
import { again, cardOf, show, stateOnly, verified, wait, words } from "./page.js";

/** Open the link with this code. */
export async function openLink(code) {
  wait();
  let answer;
  try {
    answer = await asked(`/s/${code}/open`, JSON.stringify({ receipt: remembered(code) }));
  } catch {
    return show(stateOnly("away", {}, undefined, again(() => openLink(code))));
  }
  if (answer.receipt) remember(code, answer.receipt);
  if (!answer.credential) return show(stateOf(answer));
  const verdict = await verified(evidenceOf(answer), answer.issuer, answer.log_keys);
  believeBadNews(verdict, answer.state);
  return show(cardOf(verdict, {
    nowSeconds: answer.now_verified_seconds ?? undefined,
    since: answer.superseded_at ? Date.parse(answer.superseded_at) / 1000 : undefined,
  }));
}

// The service knows of a correction before the list of status has it. Its good news counts for nothing.
function believeBadNews(verdict, state) {
  if (verdict.state !== "valid" || !["superseded", "expired"].includes(state)) return;
  verdict.state = state;
  if (state === "expired") return;
  const status = verdict.steps.find(({ name }) => name === "status");
  Object.assign(status, { outcome: "fails", reason: "status_superseded", corrected: true });
}

async function asked(path, body) {
  const response = await fetch(path, {
    method: "POST", body, headers: { "Content-Type": "application/json" }, cache: "no-store", credentials: "omit",
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function stateOf({ state, revoked_at: revokedAt }) {
  if (state !== "revoked" || !revokedAt) return stateOnly(state);
  return stateOnly(state, { since: words.momentInBoth(Date.parse(revokedAt) / 1000) }, "state_revoked_since");
}

const bytesOf = (encoded) => (encoded === null ? null : readBase64(encoded, "answer"));

const evidenceOf = (answer) => ({
  credential: answer.credential,
  event: bytesOf(answer.event),
  tlogProof: bytesOf(answer.tlog_proof),
  balanceProof: bytesOf(answer.balance_proof),
  statusList: answer.status_list,
  // What stands behind # was printed on paper; the server never sees it.
  linkDigest: /^#([0-9a-f]{64})$/.exec(location.hash)?.[1] ?? null,
});

// Kept until the tab is closed, so that loading again and the other language count no second view.
function remembered(code) {
  try {
    return sessionStorage.getItem(`receipt/${code}`);
  } catch {
    return null;
  }
}

function remember(code, receipt) {
  try {
    sessionStorage.setItem(`receipt/${code}`, receipt);
  } catch {
    // A browser that keeps nothing counts a view each time.
  }
}
