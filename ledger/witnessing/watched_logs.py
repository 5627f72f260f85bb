"""Which logs a witness watches: their verifier keys, out of files that those who run the logs handed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from ledger.settings import WrongSetting
from ledger.transparency.failures import Malformed
from ledger.transparency.verifier_key import SignatureType, VerifierKey, parse_vkey

WatchedLogs: TypeAlias = dict[str, tuple[VerifierKey, ...]]
"""The keys of each log, by its origin, which is the name of its keys."""

_FILE_BYTES_MAX: Final = 1_000_000


def read_watched_logs(files: Sequence[Path]) -> WatchedLogs:
    """The logs whose keys stand in these files, one verifier key a line; a file may hold several logs.

    Raises WrongSetting for a file that is not readable or holds something else, or a log without an Ed25519 key.
    """
    logs: WatchedLogs = {}
    for file in files:
        for key in _keys_in(file):
            if key not in logs.setdefault(key.name, ()):
                logs[key.name] += (key,)
    for origin, keys in logs.items():
        if all(key.type is not SignatureType.ED25519 for key in keys):
            raise WrongSetting(f"--log: of {origin} an Ed25519 key is needed too: ask those who run it for both keys")
    if not logs:
        raise WrongSetting("--log: name a file with the verifier keys of each log to watch")
    return logs


def _keys_in(file: Path) -> list[VerifierKey]:
    try:
        with file.open("rb") as opened:
            lines = opened.read(_FILE_BYTES_MAX).decode("utf-8").splitlines()
        keys = [parse_vkey(line) for line in lines if line]
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"--log: {file} cannot be read: {error}") from error
    except Malformed as error:
        raise WrongSetting(f"--log: {file} must hold verifier keys, one a line: {error}") from error
    if any(key.type is SignatureType.ED25519_COSIGNATURE for key in keys):
        raise WrongSetting(f"--log: {file} holds a witness's key; a log signs with Ed25519 (0x01) and ML-DSA-44 (0x06)")
    return keys
