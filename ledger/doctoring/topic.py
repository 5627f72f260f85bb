"""Does the topic keep everything for ever?"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.doctoring.diagnosis import Diagnosis, ok, warn
from ledger.settings import Settings
from ledger.topic_guard import check_topic


def settings_of_topic(settings: Settings) -> Iterator[Diagnosis]:
    """The topic's real settings and number of partitions, as the broker tells them. Raises WrongSetting."""
    if not settings.kafka:
        yield warn("topic", "LEDGER_KAFKA is not set: there is no topic, the projections are fed by the event store")
        return
    check_topic(settings)
    yield ok("topic", f"{settings.topic} keeps everything, {settings.partitions} partitions")
