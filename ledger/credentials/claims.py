"""What a statement says: the claims of docs/statements.md, readable always or only where they are disclosed."""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ledger.credentials.issuer_keys import need_issuer
from ledger.domain.event import Value
from ledger.domain.values import LocalizedText
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import read_hash

TYP: Final = "dc+sd-jwt"
ENTRIES_MAX: Final = 5_000
"""Of a transcript."""

PLACES: Final = 1 << 20
"""Of a status list."""

_DIGITS: Final = "(?:0|[1-9][0-9]{0,8})"
_LIST: Final = f"statements/status/{_DIGITS}-{_DIGITS}"
_Digest: TypeAlias = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")]
_ID: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MOMENT: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z")


def _a_day(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("a date is written YYYY-MM-DD")
    return text


def is_moment(text: str) -> bool:
    """Whether it is one of RFC 3339, in UTC, in the spelling of docs/format.md."""
    if _MOMENT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _a_moment(text: str) -> str:
    if not is_moment(text):
        raise ValueError("a moment is written YYYY-MM-DDThh:mm:ssZ")
    return text


def _a_root(text: str) -> str:
    try:
        read_hash(text, "as_of", "root")
    except Malformed as wrong:
        raise ValueError(wrong.reason) from wrong
    return text


def _an_issuer(text: str) -> str:
    try:
        need_issuer(text)
    except Malformed as wrong:
        raise ValueError(wrong.reason) from wrong
    return text


DateText: TypeAlias = Annotated[str, AfterValidator(_a_day)]
Seconds: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]
"""No more than a number of a browser's script can hold exactly."""
UnixSeconds: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]


class Period(Value):
    """Service dates, both included; None: open. (`from` is no name in Python.)"""

    first: DateText | None = Field(default=None, alias="from")
    last: DateText | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError("a period must not end before it begins")
        return self


class AsOf(Value):
    """The signed size of the log that the statement rests on."""

    origin: str
    partition: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=1, le=2**53)]
    root: Annotated[str, AfterValidator(_a_root)]
    """base64"""
    recorded_through: Annotated[str, AfterValidator(_a_moment)]
    """RFC 3339, UTC: nothing recorded before is missing."""

    @property
    def root_bytes(self) -> bytes:
        """The root of the log at this size."""
        return read_hash(self.root, "as_of", "root")


class StatusPlace(Value):
    """Where the credential's status stands."""

    idx: Annotated[int, Field(ge=0, lt=PLACES)]
    uri: str


class Status(Value):
    """The claim `status` of a Token Status List."""

    status_list: StatusPlace


class StatementClaims(Value):
    """What is readable always."""

    iss: Annotated[str, AfterValidator(_an_issuer)]
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
    sd: Annotated[tuple[_Digest, ...], Field(min_length=1)] | None = Field(default=None, alias="_sd")
    """Absent where nothing may be left away."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.vct != vct_of(self.iss):
            raise ValueError(f"vct must be {vct_of(self.iss)}")
        if not self.statement.startswith(f"{self.sub}/statements/"):
            raise ValueError("the statement must be one of its person")
        if re.fullmatch(f"{re.escape(self.iss)}/{_LIST}", self.status.status_list.uri) is None:
            raise ValueError("the status list must be one of the issuer")
        if self.exp is not None and self.exp <= self.iat:
            raise ValueError("a statement must end after it was issued")
        if any(after <= before for before, after in pairwise(self.sd or ())):
            raise ValueError("_sd must be sorted, each digest once")
        return self

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

    year: Annotated[int, Field(ge=1, le=9999)]
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
    position: Annotated[int, Field(ge=1, le=2**53)]
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

    def sums(self) -> dict[str, int]:
        """What each list adds up to that counts every second once, by its name."""
        lists = {
            "organizations": self.organizations,
            "roles": self.roles,
            "sectors": self.sectors,
            "years": self.years,
            "entries": self.entries,
        }
        return {name: sum(one.verified_seconds for one in some) for name, some in lists.items() if some is not None}

    def names(self) -> tuple[str, ...]:
        """Of what is shown."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


def vct_of(issuer: str) -> str:
    """The type of such credentials of an issuer: the version of docs/statements.md they follow."""
    return f"{issuer}/vct/statement/1"
