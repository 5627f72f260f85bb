"""What lies in the signer's folder, and reading it. Nothing here changes it.

`keys`: the private keys, two lines a partition, in order of partition. `<partition>.vkeys`: what is public of them, a
verifier key a line. `signed-<partition>`: the checkpoint signed last. `mapped-<partition>`: how far balances are mapped
and the root of that map. The folder never lies in a database, and it is never backed up or restored together with one:
a memory that goes back in time with the events would sign a second history without noticing.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.signer_keys import KEY_TYPES, LogKeys, SignedCheckpoint
from ledger.log_keeping.stops import SignerMemoryWrong
from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import TransparencyFailure

KEYS_FILE: Final = "keys"
VKEYS_SUFFIX: Final = ".vkeys"
_OPEN_TO_OTHERS: Final = 0o077

PUT_IT_BACK: Final = (
    "Put back the newest signer folder, from the machine that signed last. If it is lost for ever, this log cannot be "
    "continued: tell everybody who keeps a checkpoint, set another LEDGER_LOG_ORIGIN, and empty log_checkpoints and "
    "log_tiles as the owner, so that a new log begins under new keys"
)


def origins_of(settings: Settings) -> list[str]:
    """The origin of each partition's log, in order."""
    return [f"{settings.log_origin}/{partition}" for partition in range(settings.partitions)]


def memory_file(folder: Path, partition: int) -> Path:
    """Where the checkpoint that was signed last is remembered."""
    return folder / f"signed-{partition}"


def mapped_file(folder: Path, partition: int) -> Path:
    """Where it is remembered how far balances are mapped."""
    return folder / f"mapped-{partition}"


def need_closed(path: Path) -> None:
    """Raise WrongSetting if anybody but the owner may read, write or enter it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OPEN_TO_OTHERS:
        raise WrongSetting(f"LEDGER_SIGNER_FOLDER: {path} has mode {mode:04o}, open to others; use chmod go-rwx")


def read_keys(folder: Path, origins: Sequence[str]) -> list[LogKeys]:
    """The keys of each partition's log.

    Raises:
        WrongSetting: the file is open to others, or the keys have other names than the settings give the logs.
        SignerMemoryWrong: it does not hold two keys a partition.
    """
    path = folder / KEYS_FILE
    need_closed(path)
    lines = path.read_text("utf-8").splitlines()
    each = len(KEY_TYPES)
    try:
        keys = [LogKeys.parse(lines[at : at + each]) for at in range(0, len(lines), each)]
    except TransparencyFailure as failure:
        raise SignerMemoryWrong(f"{path} is damaged: {failure}. {PUT_IT_BACK}") from failure
    named = [one.origin for one in keys]
    if named != list(origins):
        raise WrongSetting(
            f"LEDGER_LOG_ORIGIN and LEDGER_PARTITIONS name the logs {', '.join(origins)}; "
            f"the keys in {path} are those of {', '.join(named)}"
        )
    return keys


def read_signed(folder: Path, partition: int, keys: LogKeys) -> SignedCheckpoint:
    """What was signed last.

    Raises:
        SignerMemoryWrong: it is not there, damaged, or another log's.
    """
    path = memory_file(folder, partition)
    try:
        return keys.read(path.read_bytes())
    except FileNotFoundError:
        reason = "is missing beside the keys"
    except TransparencyFailure as failure:
        reason = f"is not the checkpoint that {keys.origin} signed last: {failure}"
    raise SignerMemoryWrong(f"partition {partition}: the signer's memory {path} {reason}. {PUT_IT_BACK}")


def read_mapped(folder: Path, partition: int) -> MapState | None:
    """How far balances are mapped; None: nothing was mapped yet.

    Raises:
        SignerMemoryWrong: it is damaged.
    """
    path = mapped_file(folder, partition)
    try:
        return MapState.parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except TransparencyFailure as failure:
        raise SignerMemoryWrong(f"partition {partition}: {path} is damaged: {failure}. {PUT_IT_BACK}") from failure
