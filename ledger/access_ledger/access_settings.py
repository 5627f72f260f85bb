"""The settings of the ledger of accesses, as those of a ledger: every program for ledgers runs under them."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from ledger.domain.ledger_kind import ACCESS_ENDING, LedgerKind, kind_of_ledger
from ledger.settings import Settings, WrongSetting

ORIGIN_ENDING: Final = "-access"
_NONE: Final = SecretStr("")
_OF_EACH: Final = {
    "partitions": "access_partitions",
    "database": "access_database",
    "owner_database": "owner_access_database",
    "relay_database": "access_relay_database",
    "log_keeper_database": "access_log_keeper_database",
    "signer_folder": "access_signer_folder",
    "witnesses": "access_witnesses",
    "witnesses_required": "access_witnesses_required",
    "topic": "access_topic",
}
"""Setting of a ledger → the one that says it of the ledger of accesses."""
_OF_HOURS_ALONE: Final = (
    "keys_database",
    "owner_keys_database",
    "read_database",
    "projector_database",
    "owner_read_database",
    "access_database",
    "owner_access_database",
    "access_relay_database",
    "access_log_keeper_database",
    "access_signer_folder",
    "master_key_file",
)


def access_settings(settings: Settings) -> Settings:
    """What `settings`, those of a ledger of hours, say of the ledger of accesses to it.

    It has no keys of persons and no projections: their databases are not set. Raises WrongSetting if `settings` are
    those of a ledger of accesses already.
    """
    need_ledger_of_hours(settings)
    return settings.model_copy(
        update={
            "ledger_id": settings.ledger_id + ACCESS_ENDING,
            "log_origin": settings.log_origin + ORIGIN_ENDING,
            **{name: getattr(settings, of_access) for name, of_access in _OF_EACH.items()},
            **dict.fromkeys(_OF_HOURS_ALONE, ""),
            **dict.fromkeys(("identity_key", "master_key", "answer_keys"), _NONE),
        }
    )


def settings_of_kind(settings: Settings, kind: LedgerKind) -> Settings:
    """`settings`, or those of the ledger of accesses to it."""
    return access_settings(settings) if kind is LedgerKind.ACCESS else settings


def variable_of(name: str, kind: LedgerKind) -> str:
    """The variable from which a ledger of this kind has a setting that each of the two has for itself."""
    if kind is LedgerKind.HOURS or name not in _OF_EACH:
        return f"LEDGER_{name.upper()}"
    return f"LEDGER_{_OF_EACH[name].upper()}"


def need_ledger_of_hours(settings: Settings) -> None:
    """Raise WrongSetting if the id names a ledger of accesses."""
    if kind_of_ledger(settings.ledger_id) is not LedgerKind.HOURS:
        raise WrongSetting(
            f"LEDGER_LEDGER_ID is {settings.ledger_id}: {ACCESS_ENDING} ends the id of a ledger of accesses; "
            "give the ledger of hours another one"
        )
