"""Reference: PyPI sd-jwt making credentials of a statement's claims in a plain loop: nothing is read, kept or recorded.

The claims, and the two that may be left away, are those of the statements of `bench.stated_ledger`. The key is one that
is made before the clock starts; the holder's key is left away, as in ours.
"""

from __future__ import annotations

import argparse
import time

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer

from bench.processes import print_rate

ISSUER = "https://hours.example"
STATEMENT = "volunteers/synthetic-00000/statements/s1"
WARM_UP = 50


def claims() -> dict[object, object]:
    """Of one statement."""
    organization = {
        "name": "organizations/synthetic",
        "display_name": {"ar": "جهة اصطناعية", "en": "Synthetic organisation"},
        "verified_seconds": 7_200,
        "first_date": "2025-11-20",
        "last_date": "2025-11-20",
    }
    as_of = {
        "origin": "hours.example/log/0",
        "partition": 0,
        "size": 4_000,
        "root": "A" * 43 + "=",
        "recorded_through": "2025-11-20T09:00:00.000000Z",
    }
    return {
        "iss": ISSUER,
        "iat": 1_763_614_800,
        "vct": f"{ISSUER}/vct/statement/1",
        "sub": STATEMENT.rsplit("/", 2)[0],
        "statement": STATEMENT,
        "kind": "statement",
        "initials": "ش. ا.",
        "period": {},
        "only_organizations": [],
        "verified_seconds": 7_200,
        "as_of": as_of,
        "status": {"status_list": {"idx": 901_234, "uri": f"{ISSUER}/statements/status/0-0"}},
        SDObj("full_name"): "شخص اصطناعي",
        SDObj("organizations"): [organization],
    }


def issue(key: JWK) -> str:
    """One credential."""
    header = {"typ": "dc+sd-jwt", "kid": key.thumbprint()}
    text: str = SDJWTIssuer(claims(), key, extra_header_parameters=header, sign_alg="ES256").sd_jwt_issuance
    return text


def issuing_rate(seconds: float) -> float:
    """Credentials a second."""
    key = JWK.generate(kty="EC", crv="P-256")
    for _ in range(WARM_UP):
        issue(key)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        issue(key)
        count += 1
    return count / (time.perf_counter() - began)


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.sd_jwt_issuing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    print_rate(issuing_rate(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
