"""Are the programs new enough, and the secrets secrets?"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from ledger.answer_keys import MAKE, answer_keys
from ledger.credentials.issuer_key_file import KeyFileUnusable
from ledger.credentials.issuer_keys import NoSigningKey
from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.loopback import is_loopback
from ledger.production import production_faults, production_remarks
from ledger.secret_strength import EXAMPLE, faults_of_secrets, secrets_of, variable
from ledger.settings import Settings, WrongSetting
from ledger.statements.statement_settings import MAKE as MAKE_ISSUER_KEY
from ledger.statements.statement_settings import statement_keys

SOON_SECONDS: Final = 14 * 86_400
PYTHON_MIN: Final = (3, 11)
PACKAGES: Final = ("psycopg", "kafka-python", "grpcio", "eventsourcing", "pydantic", "msgspec", "cryptography")


def versions(settings: Settings) -> Iterator[Diagnosis]:
    """Of Python and of the packages that faults are known of."""
    running = ".".join(map(str, sys.version_info[:3]))
    told = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    if sys.version_info < PYTHON_MIN:
        yield wrong("versions", f"Python {running} is too old; use 3.11 or newer")
    else:
        yield ok("versions", f"Python {running}; {told}")


def secrets(settings: Settings) -> Iterator[Diagnosis]:
    """Long enough, none an example, no two the same; and nothing of production is set as for trying."""
    faults = dict(faults_of_secrets(settings))
    if not settings.relay_key.get_secret_value():
        faults[variable("relay_key")] = "is not set; what the topic holds is not signed without it"
    for name, fault in faults.items():
        yield wrong(name, fault)
    for setting, text in secrets_of(settings).items():
        name = variable(setting)
        if EXAMPLE in text:
            yield warn(name, "is an example that everybody can read; replace it before the first real event")
        elif name not in faults:
            yield ok(name, "is set")
    yield _answer_keys(settings)
    yield _statement_keys(settings)
    host = settings.grpc_address.rsplit(":", 1)[0]
    if not is_loopback(host) and not settings.tls_certificate:
        said = f"{settings.grpc_address} is no loopback address, and LEDGER_TLS_CERTIFICATE is not set"
        yield warn("LEDGER_GRPC_ADDRESS", f"{said} (LEDGER_INSECURE={int(settings.insecure)})")


def production(settings: Settings) -> Iterator[Diagnosis]:
    """What a ledger in production must not be set to; elsewhere nothing is asked."""
    if not settings.production:
        return
    faults = list(production_faults(settings))
    for fault in faults:
        yield wrong("production", fault)
    for remark in production_remarks(settings):
        yield warn("production", remark)
    if not faults:
        yield ok("production", "nothing is set as for trying")


def _answer_keys(settings: Settings) -> Diagnosis:
    name = "LEDGER_ANSWER_KEYS"
    try:
        keys = answer_keys(settings)
    except WrongSetting as error:
        return wrong(name, str(error))
    if keys is None:
        return warn(name, f"is not set, so questions with proof are refused; `{MAKE}` makes them")
    if EXAMPLE in settings.answer_keys.get_secret_value():
        return warn(name, "are an example that everybody can read and sign with; replace them")
    return ok(name, f"are set, named {keys.name}")


def _statement_keys(settings: Settings) -> Diagnosis:
    name, now = "LEDGER_STATEMENT_KEYS", int(time.time())
    try:
        keys = statement_keys(settings)
        if keys is None:
            return ok(name, "is not set: no statements are issued")
        kid = keys.signing(now).kid
    except (WrongSetting, KeyFileUnusable, NoSigningKey) as error:
        return wrong(name, str(error))
    until = next(key.valid_until for key in keys.published().keys if key.kid == kid)
    if until is not None and until - now < SOON_SECONDS:
        days = (until - now) // 86_400
        return warn(name, f"the key that signs ends in {days} days and there is no newer one: `{MAKE_ISSUER_KEY}`")
    return ok(name, f"key {kid} signs, of {len(keys.published().keys)}")
