"""Who a call comes from: the system, the person acting through it, and what they may do at this moment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ACTOR_PATTERN: Final = re.compile(r"(?!(?:ledger|clients)/)[a-z]+/[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
"""Who a token may be of. `ledger/…` acts for the ledger itself and `clients/…` for a system without a token: no issuer,
however trusted, makes anybody either of them."""
CLIENT_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Role(StrEnum):
    """What somebody may do; `permissions` says what each one opens."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VERIFIER = "verifier"
    VOLUNTEER = "volunteer"
    GOVERNMENT_READER = "government_reader"
    AUDITOR = "auditor"
    EMPLOYER = "employer"


TOKEN_ROLES: Final = frozenset((Role.ADMINISTRATOR, Role.AUDITOR, Role.GOVERNMENT_READER, Role.EMPLOYER))
"""What `roles` of a token can give; the roles of organisations are appointments in the ledger alone."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, after it was proven. What may be done is looked up anew for every call: it can end in between."""

    client: str
    """The registered client's id; request ids are its own."""
    actor: str
    """The person, such as staff/amal or volunteers/3f2, or the system itself as clients/{client}."""
    roles: Mapping[Role, Set[str]]
    """Role → the organisations it is held for; empty for roles that are not bound to one."""
    purposes: Set[str] = frozenset()
    """For which the client may ask about persons."""
    purpose: str = ""
    """The one that this call named."""
