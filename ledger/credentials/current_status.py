"""What a list of status says of one statement, and how old that word is. Times are unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.credentials.claims import StatusPlace
from ledger.credentials.issuer_keys import PublishedKeys
from ledger.credentials.status_list import REVOKED, SUPERSEDED, VALID, read_status_list, verify_status_list
from ledger.transparency.failures import Malformed, TransparencyFailure

CLOCK_SECONDS_MAX: Final = 300
"""How far the issuer's clock may be ahead of ours."""


class StatusRejected(TransparencyFailure):
    """A statement does not hold any more, or the list is not one that may be used now."""


@dataclass(frozen=True, slots=True)
class CurrentStatus:
    """By a list that the issuer signed."""

    value: int
    age_seconds: int
    refused: str | None
    """Why a list of this age may not be used now."""

    def need_valid(self) -> None:
        """Raise StatusRejected unless the statement still holds, by a list that may be used."""
        if self.is_revoked:
            raise StatusRejected("the statement was revoked")
        if self.refused is not None:
            raise StatusRejected(self.refused)
        if self.is_superseded:
            raise StatusRejected("the hours that it states were corrected since")
        if self.value != VALID:
            raise StatusRejected(f"it has the status {self.value}, which says nothing known here")

    @property
    def is_revoked(self) -> bool:
        """For good: so says an old list, too."""
        return self.value == REVOKED

    @property
    def is_superseded(self) -> bool:
        """Only by a list that may be used: hours are corrected in both directions."""
        return self.value == SUPERSEDED and self.refused is None


def read_status(text: str, place: StatusPlace, keys: PublishedKeys, now: int, age_seconds_max: int) -> CurrentStatus:
    """The status at a place. Raises TransparencyFailure for a list that is not the issuer's or not this place's."""
    status_list = read_status_list(text)
    verify_status_list(status_list, keys)
    if status_list.uri != place.uri:
        raise Malformed("status list", f"it must be {place.uri}, not {status_list.uri[:200]}")
    age_seconds = max(0, now - status_list.iat)
    refused = None
    if status_list.iat > now + CLOCK_SECONDS_MAX:
        refused = "the list of status is from the future"
    elif now >= status_list.exp or age_seconds > age_seconds_max:
        allowed = min(age_seconds_max, status_list.exp - status_list.iat)
        refused = f"the list of status is {age_seconds} s old, and at most {allowed} s are allowed: fetch it anew"
    return CurrentStatus(status_list.value_at(place.idx), age_seconds, refused)
