#!/usr/bin/env bash
# Sees to Amiri, the font that Arabic is set in on documents: installs the system's package when root, else says what is
# missing.
set -euo pipefail

installed() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts /Library/Fonts "$HOME/.local/share/fonts" "$HOME/.fonts" "$HOME/Library/Fonts"; do
        [ -d "$folder" ] && [ -n "$(find -L "$folder" -iname 'Amiri-Regular.*' -print -quit)" ] && return 0
    done
    return 1
}

installed && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends fonts-hosny-amiri >/dev/null
    installed && exit 0
fi
echo "Amiri is the font for Arabic on statements; please install it (Debian and Ubuntu: fonts-hosny-amiri)" >&2
exit 1
