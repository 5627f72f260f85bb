"""Settings as they may be told for ever: what is harmless by its value, all else by a fingerprint, keys by their names.

A setting is told by its value only where it is on the list: one that is added later is fingerprinted until somebody
has thought about it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from ledger.access.master_keys import master_keys
from ledger.answer_keys import answer_keys
from ledger.domain.service_run import SettingSaid
from ledger.settings import Settings
from ledger.statements.statement_settings import statement_keys

BY_VALUE: Final = frozenset(
    {
        "access_partitions",
        "access_topic",
        "access_witnesses_required",
        "consumer_group",
        "first_clients",
        "insecure",
        "ledger_id",
        "log_origin",
        "maximum_concurrent_rpcs",
        "partitions",
        "production",
        "quota_bytes_per_second",
        "quota_calls_per_second",
        "quota_streams",
        "reflection",
        "token_algorithms",
        "token_audience",
        "token_issuer",
        "token_leeway_seconds",
        "topic",
        "verify_check_digit",
        "witnesses_fallback",
        "witnesses_fallback_seconds",
        "witnesses_required",
    }
)
"""Nothing that says where something is, or lets anybody in."""
FINGERPRINT_DIGITS: Final = 32


def told_settings(settings: Settings) -> Sequence[SettingSaid]:
    """All of them, in the order of their names. Raises WrongSetting where keys cannot be read."""
    key_ids = _key_ids(settings)
    by_name = {name: _text(value) for name, value in settings}
    return [_told(settings, name, by_name[name], key_ids.get(name, ())) for name in sorted(by_name)]


def fingerprint(settings: Settings, name: str, text: str) -> str:
    """Under the request hash key, so that nobody without it can try values out."""
    key = settings.request_hash_key.get_secret_value().encode()
    return hmac.new(key, f"{name}\0{text}".encode(), "sha256").hexdigest()[:FINGERPRINT_DIGITS]


def _told(settings: Settings, name: str, text: str, key_ids: Sequence[str]) -> SettingSaid:
    if not text:
        return SettingSaid(name=name)
    if name in BY_VALUE:
        return SettingSaid(name=name, value=text)
    return SettingSaid(name=name, fingerprint=fingerprint(settings, name, text), key_ids=tuple(key_ids))


def _text(value: object) -> str:
    secret = getattr(value, "get_secret_value", None)
    return str(secret() if callable(secret) else value)


def _key_ids(settings: Settings) -> Mapping[str, Sequence[str]]:
    masters = sorted(master_keys(settings).known_ids)
    answers, issuer = answer_keys(settings), statement_keys(settings)
    return {
        "master_key_file" if settings.master_key_file else "master_key": masters,
        "answer_keys": [] if answers is None else answers.verifier_lines(),
        "statement_keys": [] if issuer is None else [key.kid for key in issuer.published().keys],
    }
