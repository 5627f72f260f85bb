// What ends a step: a code that the catalogue of texts explains to people, and a detail for whoever looks closer.

export class Failure extends Error {
  /** `code` has a text `why_<code>` in texts.py. */
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.detail = detail;
  }
}

/** Throw unless it holds. */
export function need(holds, code, detail) {
  if (!holds) throw new Failure(code, detail);
}
