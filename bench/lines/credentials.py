"""Credentials issued beside the bare issuing of PyPI's `sd-jwt`, and a list of status of a million places.

`credential_issue`: the same claims with the same disclosures, signed with the same key; before anything counts, what
both sides made must be read by our verifier (of the other side's, those whose signature has the lower s, as ours have).
`status_list_1m`: seconds to a signed list in which one place of ten is revoked or superseded, beside a bare
`zlib.compress` of the same bytes; more than two seconds are a failure whatever the ratio.
"""

from __future__ import annotations

import importlib
import random
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from bench.ground import Ground
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from ledger.credentials.claims import vct_of
from ledger.credentials.compact_jwt import signer, verify_signature
from ledger.credentials.issuer_keys import SigningKey, thumbprint
from ledger.credentials.sd_jwt import disclosed_claims, issue_credential, read_credential
from ledger.credentials.status_list import PLACES, pack_statuses, read_status_list, write_status_list
from ledger.transparency.failures import SignatureRejected

MEASURED_SECONDS: Final = 3.0
LIST_SECONDS_MAX: Final = 2.0
TAKEN: Final = PLACES // 10
ISSUER: Final = "https://bench.example"
LIST_URI: Final = f"{ISSUER}/statements/status/0-0"
ISSUED_AT: Final = 1_795_176_000
SECONDS: Final = 432_000

_dice: Final = random.Random(20_261_130)
_key: Final = generate_private_key(SECP256R1())
_signing: Final = SigningKey(thumbprint(_key.public_key()), signer(_key))

CLAIMS: Final[dict[str, object]] = {
    "iss": ISSUER,
    "iat": ISSUED_AT,
    "vct": vct_of(ISSUER),
    "sub": "volunteers/v1",
    "statement": "volunteers/v1/statements/s1",
    "kind": "statement",
    "initials": "ش ا",
    "period": {"from": "2026-01-01", "to": "2026-06-30"},
    "only_organizations": [],
    "verified_seconds": SECONDS,
    "as_of": {
        "origin": "bench.example/log/0",
        "partition": 0,
        "size": 1_000_000,
        "root": "A" * 43 + "=",
        "recorded_through": "2026-11-20T12:00:00Z",
    },
    "status": {"status_list": {"idx": 70_001, "uri": LIST_URI}},
}
_DATES: Final = {"first_date": "2026-01-05", "last_date": "2026-06-28"}
SHOWN: Final[dict[str, object]] = {
    "full_name": "شخص اصطناعي",
    "organizations": [
        {
            "name": f"organizations/o{number}",
            "display_name": {"ar": f"جمعية اصطناعية {number}", "en": f"Synthetic Society {number}"},
            "verified_seconds": SECONDS // 3,
            **_DATES,
        }
        for number in range(3)
    ],
    "roles": [
        {
            "opportunity": f"opportunities/o{number}",
            "title": {"ar": "دور اصطناعي", "en": "Synthetic role"},
            "organization": "organizations/o1",
            "skills": ["first-aid"],
            "verified_seconds": SECONDS // 4,
            **_DATES,
        }
        for number in range(4)
    ],
    "sectors": [{"sector": "environment", "verified_seconds": SECONDS}],
}


def bare_issuing() -> Callable[[], str]:
    """PyPI's `sd-jwt`, which has no types: what it takes is made once, as ours is."""
    issuer = importlib.import_module("sd_jwt.issuer").SDJWTIssuer
    marked = importlib.import_module("sd_jwt.common").SDObj
    key = importlib.import_module("jwcrypto.jwk").JWK.from_pyca(_key)
    claims = {**CLAIMS, **{marked(name): value for name, value in SHOWN.items()}}
    header = {"typ": "dc+sd-jwt", "kid": _signing.kid}
    return lambda: str(issuer(claims, key, extra_header_parameters=header).sd_jwt_issuance)


def issuing_rate(ground: Ground, issue: Callable[[], str]) -> float:
    """Credentials a second, in one thread, after a tenth of the time to warm up."""
    seconds = ground.seconds(MEASURED_SECONDS)
    _need_readable(issue)
    warm_until = time.perf_counter() + seconds / 10
    while time.perf_counter() < warm_until:
        issue()
    issued, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        issue()
        issued += 1
    return issued / passed


def _need_readable(issue: Callable[[], str]) -> None:
    for _ in range(50):
        credential = read_credential(issue())
        try:
            verify_signature(credential.jwt, _key.public_key())
        except SignatureRejected:
            continue
        if set(disclosed_claims(credential).names()) == set(SHOWN):
            return
    raise MeasurementFailed("of fifty credentials none was read, so this run measures nothing")


@contextmanager
def issue_sides(ground: Ground) -> Iterator[Sides]:
    """Both in this process, for neither waits for anything."""
    bare = bare_issuing()
    yield Sides(
        reference=lambda: issuing_rate(ground, bare),
        ours=lambda: issuing_rate(ground, lambda: issue_credential(CLAIMS, SHOWN, _signing.kid, _signing.sign)),
    )


def list_seconds(taken: list[tuple[int, int]]) -> float:
    """To the signed text. Raises MeasurementFailed for a list that says something else, or took too long."""
    began = time.perf_counter()
    text = write_status_list(LIST_URI, ISSUED_AT, pack_statuses(taken), _signing)
    seconds = time.perf_counter() - began
    made = read_status_list(text)
    if any(made.value_at(idx) != status for idx, status in taken):
        raise MeasurementFailed("a place of the list has another status than it was given")
    if seconds > LIST_SECONDS_MAX:
        raise MeasurementFailed(f"the list took {seconds:.2f} s, and {LIST_SECONDS_MAX} s are allowed")
    return seconds


def bare_seconds(places: bytes) -> float:
    """Of the compression alone."""
    began = time.perf_counter()
    zlib.compress(places, 9)
    return time.perf_counter() - began


@contextmanager
def list_sides(_: Ground) -> Iterator[Sides]:
    """Always of a million places: a list has no other size."""
    taken = [(idx, _dice.choice((1, 3))) for idx in _dice.sample(range(PLACES), TAKEN)]
    places = zlib.decompress(pack_statuses(taken))
    yield Sides(reference=lambda: bare_seconds(places), ours=lambda: list_seconds(taken))


CREDENTIAL_ISSUE = Line(name="credential_issue", unit="credentials/s", floor=0.25, sides=issue_sides)
STATUS_LIST_1M = Line(name="status_list_1m", unit="s", floor=2.0, sides=list_sides, direction=Direction.AT_MOST)
