"""Why an opportunity fits a person, and what each reason adds."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Fits(Enum):
    """Why an opportunity fits a person."""

    OWN_SKILL = "own skill"
    OWN_INTEREST = "own interest"
    AVAILABLE = "available"
    SAME_CITY = "same city"
    NEAR = "near"
    SERVED_ORGANIZATION = "served organization"
    SERVED_SECTOR = "served sector"
    SAME_REGION = "same region"
    ONLINE = "online"


FIT_SCORES: Final = {
    Fits.OWN_SKILL: 10,
    Fits.OWN_INTEREST: 8,
    Fits.AVAILABLE: 6,
    Fits.SAME_CITY: 5,
    Fits.NEAR: 4,
    Fits.SERVED_ORGANIZATION: 3,
    Fits.SERVED_SECTOR: 3,
    Fits.SAME_REGION: 2,
    Fits.ONLINE: 2,
}
