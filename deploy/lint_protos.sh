#!/usr/bin/env bash
# buf lint, and the breaking check against the protos of the last tag, if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/buf lint
if last_tag=$(git describe --tags --abbrev=0 2>/dev/null) && git cat-file -e "$last_tag:protos" 2>/dev/null; then
    before=$(mktemp -d)
    trap 'rm -rf "$before"' EXIT
    git archive "$last_tag" protos third_party buf.yaml | tar -x -C "$before"
    .venv/bin/buf breaking --against "$before"
    echo "protos: nothing broken since $last_tag"
else
    echo "protos: no tag with protos yet, nothing to compare with"
fi
