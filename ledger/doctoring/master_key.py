"""Is the master key a secret, and does it wrap every key of a person?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

from ledger.access.master_keys import MasterKeys, master_keys
from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.secret_strength import EXAMPLE
from ledger.settings import Settings, WrongSetting

_OTHERS: Final = 0o077
_WRAPPED: Final = "select master_key_id, count(*) from person_keys group by 1 order by 1 nulls first"


def master_key(settings: Settings) -> Iterator[Diagnosis]:
    """There, nobody else's to read, no example; and no key of a person lies plain or out of its reach."""
    label = "LEDGER_MASTER_KEY_FILE" if settings.master_key_file else "LEDGER_MASTER_KEY"
    try:
        keys = master_keys(settings)
    except WrongSetting as error:
        yield wrong(label, str(error))
        return
    if settings.master_key_file and (mode := Path(settings.master_key_file).stat().st_mode & 0o777) & _OTHERS:
        yield wrong(label, f"has mode {mode:04o}: others than its owner can read it; make it 0600")
    elif any(name.startswith(EXAMPLE) for name in keys.known_ids):
        yield warn(label, "holds an example that everybody can read; put a new key first, then rotate")
    else:
        yield ok(label, f"is set, {keys.master_key_id} wraps")
    if settings.keys_database:
        yield from _rows(settings.keys_database, keys)


def _rows(url: str, keys: MasterKeys) -> Iterator[Diagnosis]:
    label, newest = "keys of persons", keys.master_key_id
    with psycopg.connect(url) as connection:
        counts = connection.execute(_WRAPPED).fetchall()
    for name, count in counts:
        if name is None:
            yield wrong(label, f"{count} lie plain in their database; run `hours-ledger migrate`")
        elif name not in keys.known_ids:
            yield wrong(label, f"{count} are wrapped under {name}, which is not at hand; put it into the file again")
        elif name != newest:
            yield warn(label, f"{count} are wrapped under {name}; run `hours-ledger keys --rotate-master`")
    if all(name == newest for name, _ in counts):
        yield ok(label, f"all {sum(count for _, count in counts)} are wrapped under {newest}")
