#!/usr/bin/env bash
# Sees to Java 17 or newer and Maven: installs them by the system's packages when root, else says what is missing.
set -euo pipefail

missing=()
java_major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' || true)
[ "${java_major:-0}" -ge 17 ] || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    # A system may carry a newer Java only: any from 17 on runs Kafka.
    if ! apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
        missing=("${missing[@]/openjdk-17-jre-headless/default-jre-headless}")
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    exit 0
fi
echo "Java 17 or newer and Maven run the Kafka broker of the tests; please install: ${missing[*]}" >&2
exit 1
