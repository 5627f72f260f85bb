"""What a ledger in production must not be set to. `LEDGER_PRODUCTION=1` asks for it; without, examples are welcome."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ledger.secret_strength import published_secrets
from ledger.settings import Settings


def production_faults(settings: Settings) -> Iterator[str]:
    """Why a service must not start, each with the name of its setting; none where it is not in production."""
    if not settings.production:
        return
    if settings.reflection:
        yield "LEDGER_REFLECTION is on: it tells everybody what can be called; set it to 0"
    if settings.insecure:
        yield "LEDGER_INSECURE is on: tokens and answers could be read on their way; set it to 0 and have TLS"
    if not settings.tls_certificate or not settings.tls_key:
        yield "LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY are not both set: name files that hold them"
    if not settings.token_issuer and not settings.tls_client_ca:
        yield "neither LEDGER_TOKEN_ISSUER nor LEDGER_TLS_CLIENT_CA is set: nobody could show who they are"
    for name in ("tls_key", "master_key_file"):
        if _is_open_to_all(getattr(settings, name)):
            yield f"LEDGER_{name.upper()} names a file that every user of this machine can read; set its mode to 0600"
    for variable in published_secrets(settings):
        yield f"{variable} is an example that everybody can read; replace it"
    if settings.log_origin == _default("log_origin"):
        yield "LEDGER_LOG_ORIGIN is the example; name the log by a host of yours, the same for ever"


def production_remarks(settings: Settings) -> Iterator[str]:
    """What is allowed in production, and should not stay."""
    if not settings.production:
        return
    if settings.first_clients:
        yield "LEDGER_FIRST_CLIENTS may do what an administrator may: register clients, then take it out"
    if not settings.witnesses:
        yield "LEDGER_WITNESSES is not set: nobody else would notice if the log were signed anew"
    if not settings.key_holders:
        yield "LEDGER_KEY_HOLDERS is not set: nobody is on record as the holder of a key"
    if settings.quota_calls_per_second == 0 or settings.quota_bytes_per_second == 0 or settings.quota_streams == 0:
        yield "a quota is 0, which is none: one client can keep out all others"


def _is_open_to_all(file: str) -> bool:
    """A file that is not there is told of by who reads it."""
    try:
        mode = os.stat(Path(file)).st_mode if file else 0
    except OSError:
        return False
    return bool(mode & stat.S_IROTH)


def _default(name: str) -> object:
    return Settings.model_fields[name].default
