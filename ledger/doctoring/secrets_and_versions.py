"""Are the programs new enough, and the secrets secrets?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from ledger.answer_keys import MAKE, answer_keys
from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.loopback import is_loopback
from ledger.settings import Settings, WrongSetting

PYTHON_MIN: Final = (3, 11)
PACKAGES: Final = ("psycopg", "kafka-python", "grpcio", "eventsourcing", "pydantic", "msgspec", "cryptography")
SECRETS: Final = ("request_hash_key", "identity_key", "relay_key")
SECRET_BYTES_MIN: Final = 16
EXAMPLE: Final = "example-"
EXAMPLE_KEY: Final = "example"
"""A key is base64, which has no hyphen."""


def versions(settings: Settings) -> Iterator[Diagnosis]:
    """Of Python and of the packages that faults are known of."""
    running = ".".join(map(str, sys.version_info[:3]))
    told = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    if sys.version_info < PYTHON_MIN:
        yield wrong("versions", f"Python {running} is too old; use 3.11 or newer")
    else:
        yield ok("versions", f"Python {running}; {told}")


def secrets(settings: Settings) -> Iterator[Diagnosis]:
    """Long enough, none an example, no two the same; and nobody outside can act as anybody."""
    texts = {name: getattr(settings, name).get_secret_value() for name in SECRETS}
    for name, text in texts.items():
        variable = f"LEDGER_{name.upper()}"
        if len(text.encode()) < SECRET_BYTES_MIN:
            size = len(text.encode())
            yield wrong(variable, f"has {size} bytes; set one of at least {SECRET_BYTES_MIN}, kept for ever")
        elif text.startswith(EXAMPLE):
            yield warn(variable, "is an example that everybody can read; replace it before the first real event")
        else:
            yield ok(variable, "is set")
    known = [text for text in texts.values() if text]
    if len(set(known)) < len(known):
        yield wrong("secrets", "two of them are the same; make each anew by itself")
    yield _answer_keys(settings)
    host = settings.grpc_address.rsplit(":", 1)[0]
    if not is_loopback(host):
        said = f"{settings.grpc_address} is no loopback address, and callers are not authenticated"
        yield warn("LEDGER_GRPC_ADDRESS", f"{said} (LEDGER_INSECURE={int(settings.insecure)})")


def _answer_keys(settings: Settings) -> Diagnosis:
    variable = "LEDGER_ANSWER_KEYS"
    try:
        keys = answer_keys(settings)
    except WrongSetting as error:
        return wrong(variable, str(error))
    if keys is None:
        return warn(variable, f"is not set, so questions with proof are refused; `{MAKE}` makes them")
    if EXAMPLE_KEY in settings.answer_keys.get_secret_value():
        return warn(variable, "are an example that everybody can read and sign with; replace them")
    return ok(variable, f"are set, named {keys.name}")
