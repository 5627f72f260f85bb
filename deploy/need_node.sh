#!/usr/bin/env bash
# Sees to Node 20 or newer and npm: installs them by the system's packages when root, else says what is missing.
set -euo pipefail

enough() {
    local major
    major=$(node --version 2>/dev/null | sed 's/^v//; s/[.].*//') || return 1
    [ "${major:-0}" -ge 20 ] && command -v npm >/dev/null
}

enough && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nodejs npm >/dev/null
    hash -r
    enough && exit 0
fi
echo "Node 20 or newer and npm run the independent checks of credentials; please install them (found: $(node --version 2>/dev/null || echo none))" >&2
exit 1
