"""Whose account it is: the names that have one, the key a name has in the map, the partition it belongs to.

All of it can be computed by whoever knows the name, from `docs/format.md` alone.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from ledger.transparency.failures import Malformed

KEY_BYTES: Final = 32

_FORM: Final = "holder"
_ID: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOLDER: Final = re.compile(f"(?:volunteers|opportunities)/{_ID}")
_ATTENDANCE: Final = re.compile(
    f"(?P<person>volunteers/{_ID})/attendances/{_ID}|(?P<group>opportunities/{_ID})/shifts/{_ID}/groupAttendances/{_ID}"
)


def account_key(holder: str) -> bytes:
    """The key of a holder's leaf: SHA-256 of the resource name. Raises Malformed for a name that has no account."""
    if _HOLDER.fullmatch(holder) is None:
        raise Malformed(_FORM, f"it must be volunteers/{{v}} or opportunities/{{o}}, not {holder[:140]!r}")
    return sha256(holder.encode()).digest()


def partition_of_holder(holder: str, partitions: int) -> int:
    """The ledger partition where all entries of this holder lie (`docs/format.md`, Routing).

    A proof from another partition's map says nothing about the holder: there is nobody of that name there.
    """
    if partitions == 1:
        return 0
    return int.from_bytes(sha256(holder.encode()).digest()[:8], "big") % partitions


def holder_of(attendance: str) -> str:
    """The holder whose seconds an attendance moves. Raises Malformed for what is no name of one."""
    found = _ATTENDANCE.fullmatch(attendance)
    if found is None:
        raise Malformed("attendance", f"it must name an attendance or a group attendance, not {attendance[:280]!r}")
    person, group = found.group("person", "group")
    return str(person or group)
