"""Master keys from a file or from the environment: the first wraps, all of them unwrap.

A wrapped key is nonce and ciphertext of AES-256-GCM; its associated data is the JSON array [ledger id, key id, person],
so that a row copied to another person opens nothing. A file is read again when it changes or names a key that is not
known yet: servers follow a rotation without being started again.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.access.key_wrapping import StoredKey
from ledger.access.seal import PersonKey
from ledger.domain.refusals import InvariantBroken
from ledger.settings import Settings, WrongSetting

MAKE: Final = "hours-ledger keys --new-master-key"
_LINE: Final = re.compile(r"([a-z0-9-]{1,40}):([0-9a-f]{64})")
_NONCE_BYTES: Final = 12


def new_master_key() -> str:
    """A fresh key with a name of its own, as a line of the file."""
    return f"master-{secrets.token_hex(4)}:{secrets.token_hex(32)}"


class MasterKeys:
    """Satisfies `KeyWrapping` for one ledger."""

    def __init__(self, ledger_id: str, text: str, file: Path | None = None) -> None:
        """`text` holds the keys; with `file` they are what it says, whenever it changes. Raises WrongSetting."""
        self._ledger_id = ledger_id
        self._file = file
        self._read_ns = 0
        self._keys = parsed(text)
        if file is not None:
            self._look()

    @property
    def master_key_id(self) -> str:
        self._look()
        return next(iter(self._keys))

    @property
    def known_ids(self) -> frozenset[str]:
        """Of every master key at hand."""
        self._look()
        return frozenset(self._keys)

    def wrap(self, keys: Sequence[PersonKey]) -> list[StoredKey]:
        """See KeyWrapping."""
        name = self.master_key_id
        master = AESGCM(self._keys[name])
        return [StoredKey(key.key_id, key.volunteer, self._wrapped(master, key), name) for key in keys]

    def unwrap(self, rows: Sequence[StoredKey]) -> list[PersonKey]:
        """See KeyWrapping. A row from before there were master keys is the key itself."""
        return [PersonKey(row.key_id, row.volunteer, self._unwrapped(row)) for row in rows]

    def _wrapped(self, master: AESGCM, key: PersonKey) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + master.encrypt(nonce, key.key, self._bound_to(key.key_id, key.volunteer))

    def _unwrapped(self, row: StoredKey) -> bytes:
        if row.master_key_id is None:
            return row.key
        nonce, ciphertext = row.key[:_NONCE_BYTES], row.key[_NONCE_BYTES:]
        try:
            return AESGCM(self._known(row.master_key_id)).decrypt(
                nonce, ciphertext, self._bound_to(row.key_id, row.volunteer)
            )
        except (InvalidTag, ValueError) as error:
            raise InvariantBroken(
                f"the key {row.key_id} of {row.volunteer} does not open under master key {row.master_key_id}"
            ) from error

    def _known(self, name: str) -> bytes:
        if name not in self._keys:
            self._look()
        if name not in self._keys:
            raise WrongSetting(f"keys of persons are wrapped under master key {name}, which is not known here: add it")
        return self._keys[name]

    def _look(self) -> None:
        """Read the file if it is another one than before. Raises WrongSetting."""
        if self._file is None:
            return
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns != self._read_ns:
                self._keys = parsed(self._file.read_text("utf-8"))
                self._read_ns = changed_ns
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting(f"LEDGER_MASTER_KEY_FILE {self._file} cannot be read: {error}") from error

    def _bound_to(self, key_id: str, volunteer: str) -> bytes:
        return json.dumps([self._ledger_id, key_id, volunteer], ensure_ascii=False, separators=(",", ":")).encode()


def parsed(text: str) -> dict[str, bytes]:
    """Name → master key, the one that wraps first. Raises WrongSetting, which repeats nothing of the keys."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.replace(",", " ").split(), start=1):
        found = _LINE.fullmatch(line)
        if found is None or found[1] in keys:
            raise WrongSetting(f"master key {number} must be NAME:KEY, its own name and 64 hex digits; see `{MAKE}`")
        keys[found[1]] = bytes.fromhex(found[2])
    if not keys:
        raise WrongSetting(f"there is no master key; make one with `{MAKE}`")
    return keys


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys that the settings name. Raises WrongSetting where there are none."""
    text, file = settings.master_key.get_secret_value(), settings.master_key_file
    if bool(text) == bool(file):
        raise WrongSetting(f"set one of LEDGER_MASTER_KEY_FILE and LEDGER_MASTER_KEY; `{MAKE}` makes a key")
    if not file:
        return MasterKeys(settings.ledger_id, text)
    try:
        return MasterKeys(settings.ledger_id, Path(file).read_text("utf-8"), Path(file))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"LEDGER_MASTER_KEY_FILE {file} cannot be read: {error}") from error


def put_first(file: Path, line: str) -> None:
    """Make `line` the key that wraps; those before stay, to unwrap. The file is whole at every moment, mode 0600."""
    before = file.read_text("utf-8") if file.exists() else ""
    fresh = file.with_name(file.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{line}\n{before}")
        opened.flush()
        os.fsync(opened.fileno())
    fresh.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
