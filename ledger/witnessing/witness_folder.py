"""The folder of a witness: all that it must not lose.

`keys`: its two private keys, a line each. `watched`: the origins it ever watched, a line each. `cosigned-<hexadecimal
SHA-256 of the origin>`: of each of them the checkpoint it cosigned last, verbatim. `refused/`: what logs signed and was
not shown to continue it. `lock`: held by the witness at work.
"""

from __future__ import annotations

import logging
import stat
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.log_keeping.durable_file import replace_file, sync_folder
from ledger.settings import WrongSetting
from ledger.transparency.failures import Malformed
from ledger.witnessing.witness_keys import WitnessKeys

FOLDER_MODE: Final = 0o700
KEYS_FILE: Final = "keys"
WATCHED_FILE: Final = "watched"
REFUSED_FOLDER: Final = "refused"
_OPEN_TO_OTHERS: Final = 0o077

_log = logging.getLogger(__name__)


class WitnessStopped(Exception):
    """The witness cosigns nothing more until a person has looked: its memory is not what it was."""


PUT_IT_BACK: Final = (
    "Put back the newest folder of this witness. If it is lost for ever, begin with an empty folder and new keys, and "
    "tell those who rely on the old ones: nobody knows any more what they cosigned"
)


def open_folder(folder: Path) -> None:
    """Make the folder if need be. Raises WrongSetting if it, or a file in it, is open to others."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    for path in (folder, *folder.iterdir()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OPEN_TO_OTHERS:
            raise WrongSetting(f"the witness's folder: {path} has mode {mode:04o}, open to others; use chmod go-rwx")


def keys_in(folder: Path, key_name: str | None) -> WitnessKeys:
    """The keys; made at the first start, under `key_name`.

    Raises:
        WrongSetting: there are none and no name is given for new ones, or they have another name.
        WitnessStopped: they are gone from beside what they cosigned, or damaged.
    """
    path = folder / KEYS_FILE
    if not path.exists():
        return _made_keys(folder, key_name)
    try:
        keys = WitnessKeys.parse(path.read_text("utf-8").splitlines())
    except (Malformed, UnicodeDecodeError) as damaged:
        raise WitnessStopped(f"{path} is damaged: {damaged}. {PUT_IT_BACK}") from damaged
    if key_name and key_name != keys.name:
        raise WrongSetting(f"the keys in {folder} are those of {keys.name}, not of {key_name}; a name is for ever")
    return keys


def _made_keys(folder: Path, key_name: str | None) -> WitnessKeys:
    if (folder / WATCHED_FILE).exists() or any(folder.glob("cosigned-*")):
        raise WitnessStopped(f"{folder} remembers what was cosigned, and the keys are gone. {PUT_IT_BACK}")
    if not key_name:
        raise WrongSetting(
            f"{folder} has no keys yet: name the witness for ever with --key-name, such as audit-office.example/w1"
        )
    try:
        keys = WitnessKeys.fresh(key_name)
    except Malformed as wrong:
        raise WrongSetting(f"--key-name: {wrong}") from wrong
    replace_file(folder / KEYS_FILE, "".join(f"{line}\n" for line in keys.private_lines()).encode())
    sync_folder(folder.parent)
    return keys


def memory_file(folder: Path, origin: str) -> Path:
    """Where the checkpoint of this log that was cosigned last is remembered."""
    return folder / f"cosigned-{sha256(origin.encode()).hexdigest()}"


def ever_watched(folder: Path) -> list[str]:
    """The origins of all logs that were ever watched with this folder."""
    path = folder / WATCHED_FILE
    return path.read_text("utf-8").split("\n")[:-1] if path.exists() else []


def add_watched(folder: Path, origin: str) -> None:
    """From now on a missing memory of this log is an alarm, never a first start."""
    lines = [*ever_watched(folder), origin]
    replace_file(folder / WATCHED_FILE, "".join(f"{line}\n" for line in lines).encode())
