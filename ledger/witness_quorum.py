"""The witnesses of this ledger's logs, as LEDGER_WITNESSES names them, and how many of them must cosign."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ledger.settings import Settings, WrongSetting
from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.failures import Malformed
from ledger.transparency.signed_note import parse_note
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import SignatureType, VerifierKey, parse_vkey

_FROM_FILE: Final = "@"


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody else, who cosigns what continues what it cosigned before."""

    url: str
    """Its submission prefix, without a slash at the end."""
    keys: tuple[VerifierKey, ...]
    """Of one name."""

    @property
    def name(self) -> str:
        """Under which it cosigns, and by which it is told of."""
        return self.keys[0].name


@dataclass(frozen=True, slots=True)
class Quorum:
    """So many of these witnesses must have cosigned a checkpoint before it is published."""

    witnesses: tuple[Witness, ...] = ()
    required: int = 0
    fallback_seconds: float | None = None
    """After which it is published without them, where that is declared; None: it is held back."""

    def policy(self, log: TrustPolicy) -> TrustPolicy:
        """What a reader asks for who relies on the log and on this quorum. Raises WrongSetting."""
        keys = tuple(key for witness in self.witnesses for key in witness.keys)
        try:
            return replace(log, witnesses=keys, witnesses_required=self.required)
        except Malformed as wrong:
            raise WrongSetting(f"LEDGER_WITNESSES: {wrong}") from wrong

    def cosigners(self, checkpoint: bytes) -> set[str]:
        """Which of these witnesses cosigned the checkpoint; raises TransparencyFailure if a signature is wrong."""
        keys = [key for witness in self.witnesses for key in witness.keys]
        return {one.key.name for one in verified_signatures(parse_note(checkpoint), keys)}


NO_WITNESSES: Final = Quorum()
"""What is signed is published at once."""


def quorum_of(settings: Settings) -> Quorum:
    """What the settings ask for. Raises WrongSetting."""
    given = re.split(r"[,\n]", settings.witnesses)
    witnesses = tuple(_witness(words) for words in map(str.split, given) if words)
    names = {witness.name for witness in witnesses}
    if len(names) != len(witnesses):
        raise WrongSetting("LEDGER_WITNESSES names a witness twice; give both its keys after one URL")
    lowest = min(1, len(witnesses))
    if not lowest <= settings.witnesses_required <= len(witnesses):
        raise WrongSetting(
            f"LEDGER_WITNESSES_REQUIRED must be {lowest} to {len(witnesses)}, as many as LEDGER_WITNESSES names, "
            f"not {settings.witnesses_required}"
        )
    publishes = settings.witnesses_fallback == "publish"
    return Quorum(witnesses, settings.witnesses_required, settings.witnesses_fallback_seconds if publishes else None)


def _witness(words: list[str]) -> Witness:
    url, *given = words
    try:
        place = urlsplit(url)
        right = place.scheme in ("http", "https") and place.hostname and place.port != 0
    except ValueError:
        right = False
    if not right or place.query or place.fragment or place.username:
        raise WrongSetting(f"LEDGER_WITNESSES: {url[:200]!r} must be the URL of a witness, such as https://w.example")
    keys = tuple(key for one in given for key in _keys(one))
    if len({key.name for key in keys}) != 1 or any(key.type is SignatureType.ED25519 for key in keys):
        raise WrongSetting(
            f"LEDGER_WITNESSES: after {url} must stand the verifier keys of that witness, of one name and of the kinds "
            "0x04 or 0x06, or @FILE with one a line"
        )
    return Witness(url.rstrip("/"), keys)


def _keys(given: str) -> list[VerifierKey]:
    try:
        lines = [given]
        if given.startswith(_FROM_FILE):
            lines = Path(given.removeprefix(_FROM_FILE)).read_text("utf-8").split()
        return [parse_vkey(line) for line in lines]
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"LEDGER_WITNESSES: {given} cannot be read: {error}") from error
    except Malformed as wrong:
        raise WrongSetting(f"LEDGER_WITNESSES: {wrong}") from wrong
