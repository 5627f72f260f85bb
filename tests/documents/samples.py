"""Statements of persons who do not exist, to be printed."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.credentials.claims import Disclosed, StatementClaims

DIGEST = "4f0df8c2" * 8
SHARE_URI = "https://hours.example/s/k4mqz7vx2w5tn3ryb6hd8jfpca"
ISSUED_UNIX_SECONDS = 1_782_896_400
"""2026-07-01T09:00:00Z, 16 Muharram 1448."""
ROOT = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
ORGANIZATIONS = (
    (
        "organizations/synthetic-gardens",
        {"ar": "جمعية الحدائق الاصطناعية", "en": "Synthetic Gardens Association"},
        64_800,
    ),
    ("organizations/synthetic-library", {"ar": "مكتبة اصطناعية عامة", "en": "Synthetic Public Library"}, 27_000),
    ("initiatives/synthetic-beach", {"ar": "مبادرة الشاطئ الاصطناعي", "en": "Synthetic Beach Initiative"}, 3_600),
)
TOTAL_SECONDS = 95_400
ATTACHMENTS = {
    "statement.sd-jwt": b"eyJhbGciOiJFUzI1NiJ9.synthetic.synthetic~",
    "statement.event.json": '{"synthetic":"اصطناعي"}'.encode(),
    "statement.tlog-proof": b"c2sp.org/tlog-proof@v1\nsynthetic\n",
    "statement.balance-proof": b"synthetic balance proof\n",
}


def claims(**changed: object) -> StatementClaims:
    """What every statement says; `changed` under the names in JSON."""
    return StatementClaims.model_validate(
        {
            "iss": "https://hours.example",
            "iat": ISSUED_UNIX_SECONDS,
            "vct": "https://hours.example/vct/statement/1",
            "sub": "volunteers/synthetic-1",
            "statement": "volunteers/synthetic-1/statements/s1",
            "kind": "statement",
            "initials": "S. P.",
            "period": {"from": "2026-01-01", "to": "2026-06-30"},
            "only_organizations": (),
            "verified_seconds": TOTAL_SECONDS,
            "as_of": {
                "origin": "hours.example/log/0",
                "partition": 0,
                "size": 48_211,
                "root": ROOT,
                "recorded_through": "2026-07-01T08:59:41Z",
            },
            "status": {"status_list": {"idx": 7, "uri": "https://hours.example/statements/status/0-0"}},
            "_sd_alg": "sha-256",
            **changed,
        }
    )


def disclosed(**changed: object) -> Disclosed:
    """A name, organisations, roles and sectors."""
    return Disclosed.model_validate(
        {
            "full_name": "شخص اصطناعي · Synthetic Person",
            "organizations": tuple(organization(*one) for one in ORGANIZATIONS),
            "roles": (
                role("Gardening with school children", "البستنة مع أطفال المدارس", ORGANIZATIONS[0][0], 64_800),
                role(
                    "Reading aloud on Saturdays", "القراءة بصوت عالٍ كل سبت", ORGANIZATIONS[1][0], 27_000, ("reading",)
                ),
                role("Beach cleaning", "تنظيف الشاطئ", ORGANIZATIONS[2][0], 3_600),
            ),
            "sectors": (
                {"sector": "environment", "verified_seconds": 68_400},
                {"sector": "", "verified_seconds": 27_000},
            ),
            **changed,
        }
    )


def organization(name: str, display_name: dict[str, str], seconds: int) -> dict[str, object]:
    """One of the list of organisations."""
    return {
        "name": name,
        "display_name": display_name,
        "verified_seconds": seconds,
        "first_date": "2026-01-03",
        "last_date": "2026-06-27",
    }


def role(english: str, arabic: str, of: str, seconds: int, skills: tuple[str, ...] = ()) -> dict[str, object]:
    """One of the list of roles."""
    return {
        "opportunity": "opportunities/synthetic-" + english.split()[0].lower(),
        "title": {"ar": arabic, "en": english},
        "organization": of,
        "skills": skills,
        "verified_seconds": seconds,
        "first_date": "2026-01-03",
        "last_date": "2026-06-27",
    }


def transcript(count: int) -> tuple[StatementClaims, Disclosed]:
    """A transcript of so many attendances of an hour and a half."""
    days = [date(2020, 1, 1) + timedelta(days=number % 2_000) for number in range(count)]
    entries = tuple(
        {
            "date": day.isoformat(),
            "organization": ORGANIZATIONS[number % 3][0],
            "opportunity": f"opportunities/synthetic-{number % 7}",
            "title": {"ar": f"درس اصطناعي {number % 7}", "en": f"Synthetic lesson {number % 7}"},
            "verified_seconds": 5_400,
            "position": number * 3 + 1,
        }
        for number, day in enumerate(sorted(days))
    )
    years = sorted({day.year for day in days})
    of_each = [5_400 * len(range(number, count, 3)) for number in range(3)]
    shown = disclosed(
        organizations=tuple(
            organization(name, text, seconds) for (name, text, _), seconds in zip(ORGANIZATIONS, of_each, strict=True)
        ),
        roles=None,
        sectors=({"sector": "education", "verified_seconds": 5_400 * count},),
        years=tuple(
            {"year": year, "verified_seconds": 5_400 * sum(day.year == year for day in days)} for year in years
        ),
        skills=({"skill": "teaching", "verified_seconds": 5_400 * count},),
        entries=entries,
    )
    return claims(kind="transcript", period={}, verified_seconds=5_400 * count), shown
