"""Statements as PDF: documents a second, made one after the other on one core.

Ours is a whole document: two pages in two languages, a QR code, the credential and three proofs attached, tagged and
fit for archives; every one of another person, so that nothing is remembered from the one before. Beside it stands what
was promised, and the same compiler at one word on one page, with the same fonts and standards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

import typst

from bench.ground import Ground
from bench.pairing import Line, MeasurementFailed, Sides
from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.documents.fonts import document_fonts
from ledger.documents.statement_pdf import render_statement

WANTED_A_SECOND: Final = 10.0
MEASURED_SECONDS: Final = 8.0
WARM_UP_DOCUMENTS: Final = 5
ORGANIZATIONS: Final = 3
HOUR_SECONDS: Final = 3_600
_CREDENTIAL: Final = b"eyJhbGciOiJFUzI1NiJ9." + b"c3ludGhldGlj" * 400 + b"~"
_PROOF: Final = b"synthetic proof\n" * 200
_ATTACHMENTS: Final = {
    "statement.sd-jwt": _CREDENTIAL,
    "statement.event.json": b'{"synthetic":true}',
    "statement.tlog-proof": _PROOF,
    "statement.balance-proof": _PROOF,
}
_WORD: Final = b'#set document(title: sys.inputs.word)\n#set text(font: "Amiri")\n#sys.inputs.word'


def claims(number: int) -> StatementClaims:
    """Of a person who does not exist."""
    return StatementClaims.model_validate(
        {
            "iss": "https://hours.example",
            "iat": 1_782_896_400 + number,
            "vct": "https://hours.example/vct/statement/1",
            "sub": f"volunteers/synthetic-{number}",
            "statement": f"volunteers/synthetic-{number}/statements/s1",
            "kind": "statement",
            "initials": "S. P.",
            "period": {"from": "2026-01-01", "to": "2026-06-30"},
            "only_organizations": (),
            "verified_seconds": ORGANIZATIONS * HOUR_SECONDS,
            "as_of": {
                "origin": "hours.example/log/0",
                "partition": 0,
                "size": 1_000 + number,
                "root": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
                "recorded_through": "2026-07-01T08:59:41Z",
            },
            "status": {"status_list": {"idx": number, "uri": "https://hours.example/statements/status/0-0"}},
            "_sd_alg": "sha-256",
        }
    )


def disclosed(number: int) -> Disclosed:
    """All that a statement may show."""
    days = {"first_date": "2026-01-03", "last_date": "2026-06-27", "verified_seconds": HOUR_SECONDS}
    names = [f"organizations/synthetic-{one}" for one in range(ORGANIZATIONS)]
    shown = [
        {"ar": f"جمعية اصطناعية {number} {one}", "en": f"Synthetic {number} {one}"} for one in range(ORGANIZATIONS)
    ]
    return Disclosed.model_validate(
        {
            "full_name": f"Synthetic Person {number}",
            "organizations": tuple(
                {"name": name, "display_name": text, **days} for name, text in zip(names, shown, strict=True)
            ),
            "roles": tuple(
                {"opportunity": "opportunities/synthetic", "title": text, "organization": name, "skills": (), **days}
                for name, text in zip(names, shown, strict=True)
            ),
            "sectors": ({"sector": "education", "verified_seconds": ORGANIZATIONS * HOUR_SECONDS},),
        }
    )


def document(number: int) -> bytes:
    """One statement of ours."""
    link = "https://hours.example/s/k4mqz7vx2w5tn3ryb6hd8jfpca"
    return render_statement(claims(number), disclosed(number), f"{number:064x}", link, _ATTACHMENTS)


def word(number: int) -> bytes:
    """One word by the compiler alone."""
    compiler = typst.Compiler(_WORD, font_paths=document_fonts(), sys_inputs={"word": f"شخص {number}"})
    made = compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"])
    return made if isinstance(made, bytes) else b""


def rate(ground: Ground, made: Callable[[int], bytes], numbers: Iterator[int]) -> float:
    """Documents a second. Raises MeasurementFailed if one is none."""
    for _ in range(WARM_UP_DOCUMENTS):
        made(next(numbers))
    documents, begin = 0, time.perf_counter()
    ends = begin + ground.seconds(MEASURED_SECONDS)
    while time.perf_counter() < ends:
        if not made(next(numbers)).startswith(b"%PDF-"):
            raise MeasurementFailed("what was made is no PDF")
        documents += 1
    return documents / (time.perf_counter() - begin)


@contextmanager
def beside_the_promise(ground: Ground) -> Iterator[Sides]:
    """Ours beside what was promised."""
    numbers = count(1)
    yield Sides(reference=lambda: WANTED_A_SECOND, ours=lambda: rate(ground, document, numbers))


@contextmanager
def beside_one_word(ground: Ground) -> Iterator[Sides]:
    """Ours beside the least that the compiler can be asked for."""
    numbers = count(1)
    yield Sides(reference=lambda: rate(ground, word, numbers), ours=lambda: rate(ground, document, numbers))


STATEMENT_PDF: Final = Line(name="statement_pdf", unit="documents/s", floor=1.0, sides=beside_the_promise)
STATEMENT_PDF_OF_TYPST: Final = Line(
    name="statement_pdf_of_typst", unit="documents/s", floor=0.01, sides=beside_one_word
)
