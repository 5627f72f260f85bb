"""What a statement says: the claims of docs/statements.md, readable always or only where they are disclosed."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, StringConstraints

from ledger.domain.event import Value
from ledger.domain.values import LocalizedText

TYP: Final = "dc+sd-jwt"
ENTRIES_MAX: Final = 5_000
"""Of a transcript."""

_ID: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
DateText: TypeAlias = Annotated[str, StringConstraints(pattern=_DATE)]
Seconds: TypeAlias = Annotated[int, Field(ge=0)]
UnixSeconds: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]


class Period(Value):
    """Service dates, both included; None: open. (`from` is no name in Python.)"""

    first: DateText | None = Field(default=None, alias="from")
    last: DateText | None = Field(default=None, alias="to")


class AsOf(Value):
    """The signed size of the log that the statement rests on."""

    origin: str
    partition: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=1)]
    root: str
    """base64"""
    recorded_through: str
    """RFC 3339, UTC: nothing recorded before is missing."""


class StatusPlace(Value):
    """Where the credential's status stands."""

    idx: Annotated[int, Field(ge=0)]
    uri: str


class Status(Value):
    """The claim `status` of a Token Status List."""

    status_list: StatusPlace


class StatementClaims(Value):
    """What is readable always."""

    iss: str
    iat: UnixSeconds
    exp: UnixSeconds | None = None
    vct: str
    sub: Annotated[str, StringConstraints(pattern=f"^volunteers/{_ID}$")]
    statement: Annotated[str, StringConstraints(pattern=f"^volunteers/{_ID}/statements/{_ID}$")]
    kind: Literal["statement", "transcript"]
    initials: Annotated[str, StringConstraints(max_length=20)]
    period: Period
    only_organizations: tuple[str, ...]
    verified_seconds: Seconds
    as_of: AsOf
    status: Status
    sd_alg: Literal["sha-256"] = Field(alias="_sd_alg")
    sd: tuple[str, ...] = Field(default=(), alias="_sd")

    @property
    def is_of_everything(self) -> bool:
        """Neither a period nor organisations were chosen: then its being complete can be proven."""
        return self.period == Period() and not self.only_organizations


class OrganizationHours(Value):
    """Of one organisation, under its name when the statement was issued."""

    name: str
    display_name: LocalizedText
    verified_seconds: Seconds
    first_date: DateText
    last_date: DateText


class RoleHours(Value):
    """Of one opportunity: what somebody did."""

    opportunity: str
    title: LocalizedText
    organization: str
    skills: tuple[str, ...]
    verified_seconds: Seconds
    first_date: DateText
    last_date: DateText


class SectorHours(Value):
    """Of one sector; an empty one is not stated."""

    sector: str
    verified_seconds: Seconds


class YearHours(Value):
    """Of one calendar year."""

    year: int
    verified_seconds: Seconds


class SkillHours(Value):
    """Of the opportunities that ask for a skill; two skills of one have its seconds both."""

    skill: str
    verified_seconds: Seconds


class EntryHours(Value):
    """Of one attendance."""

    date: DateText
    organization: str
    opportunity: str
    title: LocalizedText
    verified_seconds: Seconds
    position: Annotated[int, Field(ge=1)]
    """Of its newest event that moved verified seconds."""


class Disclosed(Value):
    """What may be left away; None: it was."""

    full_name: str | None = None
    organizations: tuple[OrganizationHours, ...] | None = None
    roles: tuple[RoleHours, ...] | None = None
    sectors: tuple[SectorHours, ...] | None = None
    years: tuple[YearHours, ...] | None = None
    skills: tuple[SkillHours, ...] | None = None
    entries: Annotated[tuple[EntryHours, ...], Field(max_length=ENTRIES_MAX)] | None = None


def vct_of(issuer: str) -> str:
    """The type of such credentials of an issuer: the version of docs/statements.md they follow."""
    return f"{issuer}/vct/statement/1"
