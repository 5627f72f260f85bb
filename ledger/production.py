"""What a ledger in production must not be set to. `LEDGER_PRODUCTION=1` asks for it; without, examples are welcome."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from ledger.loopback import is_loopback
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
    for name, url in settings:
        if name.endswith("database") and isinstance(url, str) and _can_be_read_on_its_way(url):
            yield f"LEDGER_{name.upper()} is on another machine without sslmode=verify-full: set it, and sslrootcert"
    if settings.log_origin == _default("log_origin"):
        yield "LEDGER_LOG_ORIGIN is the example; name the log by a host of yours, the same for ever"


def production_remarks(settings: Settings) -> Iterator[str]:
    """What is allowed in production, and should not stay."""
    if not settings.production:
        return
    if settings.first_clients:
        yield "LEDGER_FIRST_CLIENTS may do what an administrator may: register clients, then take it out"
    if settings.auditor_token.get_secret_value():
        yield "LEDGER_AUDITOR_TOKEN is one secret for all auditors, without an end: give them tokens, then take it out"
    if not settings.witnesses:
        yield "LEDGER_WITNESSES is not set: nobody else would notice if the log were signed anew"
    if not settings.key_holders:
        yield "LEDGER_KEY_HOLDERS is not set: nobody is on record as the holder of a key"
    if not all(is_loopback(place.strip().rpartition(":")[0]) for place in settings.kafka.split(",") if place.strip()):
        yield "LEDGER_KAFKA is on another machine and is spoken to in plain text: keep it in a network of its own"
    if settings.quota_calls_per_second == 0 or settings.quota_bytes_per_second == 0 or settings.quota_streams == 0:
        yield "a quota is 0, which is none: one client can keep out all others"


def _can_be_read_on_its_way(url: str) -> bool:
    """Also where PGHOST and PGSSLMODE say it. A URL that is none is told of by who connects."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return False
    if not url or said.get("sslmode", _environment_says("sslmode")) == "verify-full":
        return False
    hosts = str(said.get("hostaddr") or said.get("host") or _environment_says("hostaddr") or _environment_says("host"))
    return not all(host.startswith(("/", "@")) or is_loopback(host) for host in hosts.split(",") if host)


def _environment_says(keyword: str) -> str:
    """What libpq takes where a URL does not say it."""
    found = {one.keyword.decode(): one.val for one in Conninfo.get_defaults()}
    return (found.get(keyword) or b"").decode()


def _is_open_to_all(file: str) -> bool:
    """A file that is not there is told of by who reads it."""
    try:
        mode = os.stat(Path(file)).st_mode if file else 0
    except OSError:
        return False
    return bool(mode & stat.S_IROTH)


def _default(name: str) -> object:
    return Settings.model_fields[name].default
