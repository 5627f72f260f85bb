// The page of a share link, and the page for files: what is asked of the server, and what is done with its answer. All
// that is shown was verified here first (verify.js); of the server's word only bad news is believed.

import { readBase64, readUtf8 } from "./bytes.js";
import { readCredential } from "./credential.js";
import { Failure } from "./failure.js";
import { attachments } from "./pdf.js";
import { element, refusedCard, stateCard, statementCard } from "./show.js";
import { verifyStatement } from "./verify.js";
import { isolated, machineText, Wording } from "./wording.js";

const STATUS_SECONDS_MAX = 600;
const FILE_BYTES_MAX = 20_000_000;
const NAMES = ["statement.sd-jwt", "statement.event.json", "statement.tlog-proof", "statement.balance-proof"];
const PICTURES = [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8, 0xff], [0x47, 0x49, 0x46, 0x38], [0x52, 0x49, 0x46, 0x46]];

const page = JSON.parse(document.getElementById("page-data").textContent);
const words = new Wording(page.language, page.texts);
const result = document.getElementById("result");
const said = document.getElementById("said");
const code = /^\/s\/([a-z2-7]{26})$/.exec(location.pathname)?.[1];

function show(card, { focus = false } = {}) {
  const title = card.querySelector("h2");
  result.replaceChildren(card);
  // Told to whoever does not see it; the words themselves stand in the card.
  said.className = "unseen";
  said.textContent = title.textContent;
  if (!focus) return;
  title.tabIndex = -1;
  title.focus();
}

function wait() {
  result.replaceChildren();
  said.className = "note";
  said.textContent = words.text("loading");
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** What a verdict looks like; `told` is what the service said of the statement besides. */
function cardOf(verdict, told = {}) {
  const { state, failed, detail } = verdict;
  if (state === "tampered") return refusedCard(words, verdict, state, { step: words.text(`step_${failed}`) });
  if (state === "other_issuer") return stateCard(words, state, { issuer: machineText(detail) });
  if (state === "revoked") return refusedCard(words, verdict, state);
  return statementCard(words, verdict, told);
}

// ---- a share link

async function openLink() {
  wait();
  let answer;
  try {
    answer = await asked(`/s/${code}/open`, JSON.stringify({ receipt: remembered() }));
  } catch {
    return show(stateCard(words, "away", {}, undefined, again(openLink)));
  }
  if (answer.receipt) remember(answer.receipt);
  if (!answer.credential) return show(stateOf(answer));
  const verdict = await verified(evidenceOf(answer), answer.issuer, answer.log_keys);
  // The service knows of a correction before the list of status has it.
  if (verdict.state === "valid" && ["superseded", "expired"].includes(answer.state)) verdict.state = answer.state;
  return show(cardOf(verdict, {
    nowSeconds: answer.now_verified_seconds ?? undefined,
    since: answer.superseded_at ? Date.parse(answer.superseded_at) / 1000 : undefined,
  }));
}

async function asked(path, body) {
  const response = await fetch(path, {
    method: "POST", body, headers: { "Content-Type": "application/json" }, cache: "no-store", credentials: "omit",
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function stateOf({ state, revoked_at: revokedAt }) {
  if (state !== "revoked" || !revokedAt) return stateCard(words, state);
  return stateCard(words, state, { since: words.momentInBoth(Date.parse(revokedAt) / 1000) }, "state_revoked_since");
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

function again(what) {
  const button = element("button", { type: "button" }, words.text("again"));
  button.addEventListener("click", what);
  return button;
}

// Kept until the tab is closed, so that loading again and the other language count no second view.
function remembered() {
  try {
    return sessionStorage.getItem(`receipt/${code}`);
  } catch {
    return null;
  }
}

function remember(receipt) {
  try {
    sessionStorage.setItem(`receipt/${code}`, receipt);
  } catch {
    // A browser that keeps nothing counts a view each time.
  }
}

// ---- files

async function checkFile(file) {
  wait();
  try {
    if (file.size > FILE_BYTES_MAX) throw new Failure("too_long");
    await checkEvidence(await evidenceIn(new Uint8Array(await file.arrayBuffer())));
  } catch (error) {
    showUnreadable(error);
  }
}

async function checkText(text) {
  wait();
  if (/^https?:\/\/\S+\/s\/[a-z2-7]{26}(?:[?#]\S*)?$/.test(text.trim())) return show(stateCard(words, "needs_network"), { focus: true });
  try {
    return await checkEvidence({ credential: text.trim() });
  } catch (error) {
    return showUnreadable(error);
  }
}

function showUnreadable(error) {
  const why = words.text(`why_${error instanceof Failure ? error.code : "inside"}`);
  show(stateCard(words, "unreadable", { why: isolated(why) }), { focus: true });
}

/** The statement and its proofs in a PDF, or the text that a file is. Throws Failure. */
async function evidenceIn(bytes) {
  if (PICTURES.some((start) => start.every((byte, at) => bytes[at] === byte))) throw new Failure("picture");
  if (!new TextDecoder("latin1").decode(bytes.subarray(0, 1024)).includes("%PDF-")) return { credential: readUtf8(bytes, "file").trim() };
  const found = await attachments(bytes, NAMES);
  const [credential, event, tlogProof, balanceProof] = NAMES.map((name) => found.get(name) ?? null);
  if (!credential) throw new Failure("pdf_without");
  return { credential: readUtf8(credential, "credential").trim(), event, tlogProof, balanceProof };
}

async function checkEvidence(given) {
  if (!given.credential.includes("~")) throw new Failure("no_pdf");
  const evidence = { event: null, tlogProof: null, balanceProof: null, linkDigest: null, ...given, ...(await statusFor(given)) };
  show(cardOf(await verified(evidence, page.issuer, page.log_keys)), { focus: true });
}

/** The list of status from this very server, if the statement is of its issuer: nothing else is told what was given. */
async function statusFor({ credential }) {
  let claims;
  try {
    ({ claims } = await readCredential(credential));
  } catch {
    return { statusList: null };
  }
  if (claims.iss !== page.issuer.issuer) return { statusList: null };
  try {
    const response = await fetch(new URL(claims.status.status_list.uri).pathname, { credentials: "omit" });
    return response.ok ? { statusList: await response.text() } : { statusList: null };
  } catch {
    return { statusList: null, statusReason: "status_unreachable" };
  }
}

async function verified(evidence, issuer, logKeys) {
  const trust = { issuer, logKeys, now: nowSeconds(), statusSecondsMax: STATUS_SECONDS_MAX };
  return verifyStatement(evidence, trust);
}

function takeFiles() {
  const [file, choose, text] = ["file", "choose", "text"].map((id) => document.getElementById(id));
  document.getElementById("give").hidden = false;
  choose.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) checkFile(file.files[0]);
    // Else choosing the same file again would be no change.
    file.value = "";
  });
  document.getElementById("check-text").addEventListener("click", () => checkText(text.value));
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("drop", ({ dataTransfer }) => {
    if (dataTransfer.files.length) checkFile(dataTransfer.files[0]);
    else checkText(dataTransfer.getData("text/plain"));
  });
}

function begin() {
  // The part behind # goes along to the other language.
  document.getElementById("language").hash = location.hash;
  if (!globalThis.crypto?.subtle || !globalThis.DecompressionStream) return show(stateCard(words, "old_browser"));
  return code ? openLink() : takeFiles();
}

begin();
