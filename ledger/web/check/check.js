// Begins: on a share link its statement is opened, on the page for files they are waited for.

import { takeFiles } from "./given_file.js";
import { show, stateOnly } from "./page.js";
import { openLink } from "./share_link.js";

function begin() {
  // The part behind # goes along to the other language.
  document.getElementById("language").hash = location.hash;
  if (!globalThis.crypto?.subtle || !globalThis.DecompressionStream) return show(stateOnly("old_browser"));
  const code = /^\/s\/([a-z2-7]{26})$/.exec(location.pathname)?.[1];
  return code ? openLink(code) : takeFiles();
}

begin();
