"""`statement-issued` as a stranger reads it, from its stored bytes alone (docs/format.md), and what it must say.

The names are this package's own list: whoever distrusts the ledger checks a statement without its event classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ledger.credentials.claims import StatementClaims, is_moment
from ledger.credentials.sd_jwt import ReadCredential
from ledger.credentials.strict_json import need_one_reading
from ledger.transparency.failures import Malformed
from ledger.transparency.tiles import ENTRY_BYTES_MAX

EVENT_TYPE: Final = "statement-issued"
_FORM: Final = EVENT_TYPE
_Whole = Annotated[int, Meta(ge=0)]


class _Data(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    statement: str
    holder: str
    kind: str
    organizations: tuple[str, ...]
    shown: tuple[str, ...]
    verified_seconds: _Whole
    size: _Whole
    root: str
    credential_digest: str
    issuer_key: str
    status_list: _Whole
    status_index: _Whole
    period_start: str | UnsetType = UNSET
    period_end: str | UnsetType = UNSET
    expires: str | UnsetType = UNSET


class _Envelope(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["statement-issued"]
    subject: str
    time: str
    partition: _Whole
    position: Annotated[int, Meta(ge=1)]
    streamversion: _Whole
    schemaversion: Literal[1]
    actor: str
    client: str
    requestid: str
    requesthash: str
    data: _Data
    sourcetime: str | UnsetType = UNSET
    policy: str | UnsetType = UNSET
    corrects: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class IssuedEvent:
    """What the event says. That it is in the log is not shown yet."""

    position: int
    recorded_at: float
    """Record time, unix seconds."""
    shown: frozenset[str]
    """What the credential can disclose, by the names of its claims."""
    differences: tuple[str, ...]
    """Names of what it says otherwise than the credential; none: it is the credential's own."""


def read_issued_event(stored: bytes, credential: ReadCredential) -> IssuedEvent:
    """Read an event and compare it with a credential. Raises Malformed for what is no `statement-issued`."""
    if len(stored) > ENTRY_BYTES_MAX or b"\n" in stored or b"\r" in stored:
        raise Malformed(_FORM, f"it must be one line of at most {ENTRY_BYTES_MAX} bytes")
    need_one_reading(stored, _FORM)
    try:
        event = _ENVELOPE.decode(stored)
    except msgspec.MsgspecError as error:
        raise Malformed(_FORM, f"it must be as docs/format.md says: {error}") from error
    shown = frozenset("full_name" if name == "name" else name for name in event.data.shown)
    return IssuedEvent(event.position, _moment(event.time), shown, tuple(_differences(event, credential)))


def _differences(event: _Envelope, credential: ReadCredential) -> Iterator[str]:
    claims, said = credential.claims, event.data
    pairs: dict[str, tuple[object, object]] = {
        "subject": (event.subject, claims.statement),
        "partition": (event.partition, claims.as_of.partition),
        "statement": (said.statement, claims.statement),
        "holder": (said.holder, claims.sub),
        "kind": (said.kind, claims.kind),
        "period_start": (_given(said.period_start), claims.period.first),
        "period_end": (_given(said.period_end), claims.period.last),
        "organizations": (said.organizations, claims.only_organizations),
        "verified_seconds": (said.verified_seconds, claims.verified_seconds),
        "size": (said.size, claims.as_of.size),
        "root": (said.root, claims.as_of.root_bytes.hex()),
        "credential_digest": (said.credential_digest, credential.digest),
        "issuer_key": (said.issuer_key, credential.jwt.header.kid),
        "status_list": (_list_uri(event, claims), claims.status.status_list.uri),
        "status_index": (said.status_index, claims.status.status_list.idx),
        "expires": (None if said.expires is UNSET else _moment(said.expires), claims.exp),
    }
    return (name for name, (in_event, in_credential) in pairs.items() if in_event != in_credential)


def _list_uri(event: _Envelope, claims: StatementClaims) -> str:
    return f"{claims.iss}/statements/status/{event.partition}-{event.data.status_list}"


def _given(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def _moment(text: str) -> float:
    if not is_moment(text):
        raise Malformed(_FORM, f"a moment must be YYYY-MM-DDThh:mm:ssZ, not {text[:40]!r}")
    return datetime.fromisoformat(text).timestamp()


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
