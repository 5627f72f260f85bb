"""What is recorded of statements: which credential was issued, at which size of the log, who may open it, and its end.

Nothing of a statement's text stands here but sums and names of organisations; the code of a link is sealed.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from ledger.domain.event import Event, stored_name
from ledger.domain.sealed import Sealed
from ledger.domain.values import Position

StatementKind: TypeAlias = Literal["statement", "transcript"]
Detail: TypeAlias = Literal["name", "organizations", "roles", "sectors", "years", "skills", "entries"]
Revocation: TypeAlias = Literal["withdrawn", "issued_in_error", "key_compromised"]
Seconds: TypeAlias = Annotated[int, Field(ge=0)]
Sha256: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Thumbprint: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
"""RFC 7638."""

CODE_PATH: Final = "code"
"""Where a link's code is sealed in its event."""


class OfStatement(Event):
    """Base of all of them."""

    statement: str
    """The stream: volunteers/{v}/statements/{s}"""
    holder: str
    """volunteers/{v}"""


@stored_name("statement-issued")
class StatementIssued(OfStatement):
    """A credential was signed. It lies behind the size of the log that it speaks of."""

    kind: StatementKind
    period_start: date | None = None
    """First service date; None: open."""
    period_end: date | None = None
    organizations: tuple[str, ...]
    """Empty: all."""
    shown: tuple[Detail, ...]
    """What can be disclosed beside the sum."""
    verified_seconds: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1)]
    """Of the log of the holder's partition: a signed checkpoint's."""
    root: Sha256
    """Its root."""
    credential_digest: Sha256
    """Of the issuer-signed JWT."""
    issuer_key: Thumbprint
    status_list: Annotated[int, Field(ge=0)]
    status_index: Annotated[int, Field(ge=0)]
    """Its place in that list of the partition: no other statement ever has it."""
    expires: AwareDatetime | None = None


@stored_name("statement-revoked")
class StatementRevoked(OfStatement):
    """It holds no more, for good."""

    revocation: Revocation


class StatementRestated(OfStatement):
    """Base of both events about later corrections: what the answer of today is, and what it rests on."""

    current_seconds: Seconds
    """Verified in the same scope, now."""
    evaluated_at: tuple[Position, ...]
    cause: Position
    """The event after which it was looked at."""


@stored_name("statement-superseded")
class StatementSuperseded(StatementRestated):
    """Hours that it states were corrected since."""


@stored_name("statement-restored")
class StatementRestored(StatementRestated):
    """After further corrections they are again as it states them."""


@stored_name("statement-shared")
class StatementShared(OfStatement):
    """Whoever has the code may open it."""

    share: str
    """volunteers/{v}/statements/{s}/shares/{n}"""
    code_digest: Sha256
    code: Sealed
    expires: AwareDatetime | None = None
    views_max: Annotated[int, Field(ge=1)] | None = None
    """None: as often as wished."""


@stored_name("statement-share-withdrawn")
class StatementShareWithdrawn(OfStatement):
    """The code opens nothing any more."""

    share: str
