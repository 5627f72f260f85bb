#!/usr/bin/env bash
# Sees to Chromium, in which tests read the check page: installs the system's package when root, else says what is
# missing. No browser is downloaded from anywhere else.
set -euo pipefail

command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
    hash -r
    command -v chromium >/dev/null && exit 0
fi
echo "Tests read the check page in Chromium; please install the package chromium" >&2
exit 1
