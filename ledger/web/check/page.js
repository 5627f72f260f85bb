// The page around a result: its texts, its two places for what is said and what is shown, and the check itself. Of what
// is shown all was verified here first (verify.js); of a server's word only bad news is believed.

import { element } from "./element.js";
import { refusedCard, stateCard, statementCard } from "./show.js";
import { verifyStatement } from "./verify.js";
import { machineText, Wording } from "./wording.js";

const STATUS_SECONDS_MAX = 600;

/** What the page was sent with: language, texts, and on the page for files the issuer's document and log keys. */
export const page = JSON.parse(document.getElementById("page-data").textContent);
export const words = new Wording(page.language, page.texts);

const result = document.getElementById("result");
const said = document.getElementById("said");

/** Show a card instead of the one before. */
export function show(card, { focus = false } = {}) {
  const title = card.querySelector("h2");
  result.replaceChildren(card);
  // Told to whoever does not see it; the words themselves stand in the card.
  said.className = "unseen";
  said.textContent = title.textContent;
  if (!focus) return;
  title.tabIndex = -1;
  title.focus();
}

/** Say that it takes a moment. */
export function wait() {
  result.replaceChildren();
  said.className = "note";
  said.textContent = words.text("loading");
}

/** A card of a state without a statement. */
export const stateOnly = (state, values, textKey, ...more) => stateCard(words, state, values, textKey, ...more);

/** A button that does it again. */
export function again(what) {
  const button = element("button", { type: "button" }, words.text("again"));
  button.addEventListener("click", what);
  return button;
}

/** The verdict on evidence, by the clock of this device. */
export function verified(evidence, issuer, logKeys) {
  const now = Math.floor(Date.now() / 1000);
  return verifyStatement(evidence, { issuer, logKeys, now, statusSecondsMax: STATUS_SECONDS_MAX });
}

/** What a verdict looks like; `told` is what the service said of the statement besides. */
export function cardOf(verdict, told = {}) {
  const { state, failed, detail } = verdict;
  if (state === "tampered") return refusedCard(words, verdict, state, { step: words.text(`step_${failed}`) });
  if (state === "other_issuer") return stateOnly(state, { issuer: machineText(detail) });
  if (state === "revoked") return refusedCard(words, verdict, state);
  return statementCard(words, verdict, told);
}
