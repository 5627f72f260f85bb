#!/usr/bin/env bash
# Sees to a Go that is new enough for the checks of the transparency log: installs the system's package when root, else
# says what is missing.
set -euo pipefail
module="$(cd "$(dirname "$0")/.." && pwd)/tests/transparency/go_check"
needed=$(sed -n 's/^go \([0-9.]*\)$/\1/p' "$module/go.mod")

# Asked inside the module: from 1.21 on, Go fetches the version that go.mod names, if it is allowed to.
new_enough() {
    local found
    found=$(cd "$module" && go env GOVERSION 2>/dev/null | sed 's/^go//; s/ .*//') || return 1
    [ -n "$found" ] && [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" = "$needed" ]
}

new_enough && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends golang-go >/dev/null
    hash -r
    new_enough && exit 0
fi
echo "Go $needed or newer runs the independent checks of the transparency log; please install it (found: $(go version 2>/dev/null || echo none))" >&2
exit 1
