"""`doctor`: is this installation right? One line a check: ok, warn or wrong, with what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import psycopg
from kafka.errors import KafkaError

from ledger.doctoring import (
    databases,
    deliveries,
    log_and_signer,
    master_key,
    progress_of_places,
    secrets_and_versions,
    topic,
    witnesses,
)
from ledger.doctoring.diagnosis import Diagnosis, Health
from ledger.domain.ledger_kind import LedgerKind, kind_of_ledger
from ledger.settings import Settings, WrongSetting

Check = Callable[[Settings], Iterator[Diagnosis]]

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("versions", secrets_and_versions.versions),
    ("settings", secrets_and_versions.secrets),
    ("production", secrets_and_versions.production),
    ("databases", databases.durability),
    ("master key", master_key.master_key),
    ("rights", databases.rights),
    ("clocks", databases.clocks),
    ("topic", topic.settings_of_topic),
    ("lag", progress_of_places.lag),
    ("topic end", progress_of_places.topic_end),
    ("log", log_and_signer.lag_of_log),
    ("balance map", log_and_signer.lag_of_maps),
    ("signer", log_and_signer.signer),
    ("witnesses", witnesses.witnesses),
    ("deliveries", deliveries.deliveries),
    ("quarantine and alarms", progress_of_places.noticed),
)


OF_HOURS_ALONE: Final = frozenset(
    {"settings", "production", "master key", "lag", "deliveries", "quarantine and alarms"}
)
"""Nothing of these is in a ledger of accesses: secrets of the service, keys of persons, projections."""


def diagnose(settings: Settings) -> Iterator[Diagnosis]:
    """All checks; one that cannot be made is wrong itself, and the others go on."""
    of_access = kind_of_ledger(settings.ledger_id) is LedgerKind.ACCESS
    for name, check in CHECKS:
        if of_access and name in OF_HOURS_ALONE:
            continue
        try:
            yield from check(settings)
        except WrongSetting as wrong:
            yield Diagnosis(Health.WRONG, name, str(wrong))
        except (psycopg.Error, KafkaError, TimeoutError, OSError) as error:
            yield Diagnosis(Health.WRONG, name, f"cannot be checked: {str(error).strip().splitlines()[0]}")


def run(settings: Settings) -> int:
    """Print every line; gives the exit code: 0, or 1 when something is wrong."""
    wrong = 0
    for diagnosis in diagnose(settings):
        wrong += diagnosis.health is Health.WRONG
        print(f"{diagnosis.health.value:5} {diagnosis.name}: {diagnosis.text}")
    print(f"wrong: {wrong}")
    return 1 if wrong else 0
