// A PDF or a credential's text that the reader gave: read and verified here, and sent nowhere.

import { readUtf8 } from "./bytes.js";
import { readCredential } from "./credential.js";
import { Failure } from "./failure.js";
import { cardOf, page, show, stateOnly, verified, wait, words } from "./page.js";
import { attachments } from "./pdf.js";
import { isolated } from "./wording.js";

const FILE_BYTES_MAX = 20_000_000;
const NAMES = ["statement.sd-jwt", "statement.event.json", "statement.tlog-proof", "statement.balance-proof"];
const LINK = /^https?:\/\/\S+\/s\/[a-z2-7]{26}(?:[?#]\S*)?$/;
/** How PNG, JPEG, GIF and WebP begin. */
const PICTURES = [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8, 0xff], [0x47, 0x49, 0x46, 0x38], [0x52, 0x49, 0x46, 0x46]];

/** Take files by button, by dropping and as text. */
export function takeFiles() {
  const [file, choose, text] = ["file", "choose", "text"].map((id) => document.getElementById(id));
  document.getElementById("give").hidden = false;
  choose.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) checkFile(file.files[0]);
    // Else choosing the same file again would be no change.
    file.value = "";
  });
  document.getElementById("check-text").addEventListener("click", () => checkText(text.value.trim()));
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("drop", ({ dataTransfer }) => {
    if (dataTransfer.files.length) checkFile(dataTransfer.files[0]);
    else checkText(dataTransfer.getData("text/plain").trim());
  });
}

async function checkFile(file) {
  wait();
  try {
    if (file.size > FILE_BYTES_MAX) throw new Failure("too_long");
    await checkEvidence(await evidenceIn(new Uint8Array(await file.arrayBuffer())));
  } catch (error) {
    showUnreadable(error);
  }
}

async function checkText(credential) {
  wait();
  if (LINK.test(credential)) return show(stateOnly("needs_network"), { focus: true });
  try {
    return await checkEvidence({ credential });
  } catch (error) {
    return showUnreadable(error);
  }
}

function showUnreadable(error) {
  const why = words.text(`why_${error instanceof Failure ? error.code : "inside"}`);
  show(stateOnly("unreadable", { why: isolated(why) }), { focus: true });
}

/** The statement and its proofs in a PDF, or the text that a file is. Throws Failure. */
async function evidenceIn(bytes) {
  if (PICTURES.some((start) => start.every((byte, at) => bytes[at] === byte))) throw new Failure("picture");
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  if (!head.includes("%PDF-")) return { credential: readUtf8(bytes, "file").trim() };
  const found = await attachments(bytes, NAMES);
  const [credential, event, tlogProof, balanceProof] = NAMES.map((name) => found.get(name) ?? null);
  if (!credential) throw new Failure("pdf_without");
  return { credential: readUtf8(credential, "credential").trim(), event, tlogProof, balanceProof };
}

async function checkEvidence(given) {
  if (!given.credential.includes("~")) throw new Failure("no_pdf");
  const nothing = { event: null, tlogProof: null, balanceProof: null, linkDigest: null };
  const evidence = { ...nothing, ...given, ...(await statusFor(given)) };
  show(cardOf(await verified(evidence, page.issuer, page.log_keys)), { focus: true });
}

/** The list of status from this very server, if the statement is of its issuer: nobody else is asked anything. */
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
    return { statusList: response.ok ? await response.text() : null };
  } catch {
    return { statusList: null, statusReason: "status_unreachable" };
  }
}
