"""Refuse a topic that would forget: Kafka's own defaults delete everything after seven days."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ledger.settings import Settings, WrongSetting

KEEP_FOR_EVER: Final[Mapping[str, str]] = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
MESSAGE_BYTES_MIN: Final = 1_000_000
"""The relay sends batches of up to 900 kB of records."""

_log = logging.getLogger(__name__)


def check_topic(settings: Settings) -> None:
    """Read the topic's real settings from the broker and compare.

    Raises:
        WrongSetting: names topic, setting, its value and the right one.
        KafkaError: the broker does not answer.
    """
    with KafkaAdminClient(bootstrap_servers=settings.kafka) as admin:
        wrong = _wrong_settings(_real_settings(admin, settings.topic))
        partitions = _partition_count(admin, settings.topic)
    if partitions != settings.partitions:
        wrong.append(f"it has {partitions} partitions, the ledger has {settings.partitions}: they must be equal")
    if wrong:
        raise WrongSetting(f"topic {settings.topic}: " + "; ".join(wrong))


def create_topic(settings: Settings, replication_factor: int = 1) -> bool:
    """Create the topic with one Kafka partition per ledger partition, to be kept for ever; False if it was there."""
    configs = {**KEEP_FOR_EVER, "min.insync.replicas": str(max(1, replication_factor - 1))}
    with KafkaAdminClient(bootstrap_servers=settings.kafka) as admin:
        try:
            admin.create_topics(
                {
                    settings.topic: {
                        "num_partitions": settings.partitions,
                        "replication_factor": replication_factor,
                        "configs": configs,
                    }
                },
                wait_for_metadata=True,
            )
        except TopicAlreadyExistsError:
            return False
    return True


def _real_settings(admin: KafkaAdminClient, topic: str) -> dict[str, str | None]:
    # Without 'all' the answer leaves out what was not changed: exactly the defaults that delete.
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    try:
        described = admin.describe_configs([resource], config_filter="all")
    except KafkaError as error:
        raise WrongSetting(f"topic {topic}: its settings cannot be read ({error}); create it first") from error
    for topics in described.values():
        if topics.get(topic):  # of a topic that is not there, no setting is known
            return {name: entry.get("value") for name, entry in topics[topic].items()}
    raise WrongSetting(f"topic {topic} does not exist; create it first")


def _wrong_settings(real: Mapping[str, str | None]) -> list[str]:
    wrong = [
        f"{name} is {real.get(name)}, it must be {good}"
        for name, good in KEEP_FOR_EVER.items()
        if real.get(name) != good
    ]
    message_bytes = int(real.get("max.message.bytes") or 0)
    if message_bytes < MESSAGE_BYTES_MIN:
        wrong.append(f"max.message.bytes is {message_bytes}, it must be at least {MESSAGE_BYTES_MIN}")
    _log.info("min.insync.replicas is %s", real.get("min.insync.replicas"))
    return wrong


def _partition_count(admin: KafkaAdminClient, topic: str) -> int:
    return sum(len(description["partitions"]) for description in admin.describe_topics([topic]))
