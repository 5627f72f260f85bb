from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import TracebackType
from typing import Self, TypedDict

from kafka.structs import OffsetAndMetadata, TopicPartition

class ConfigResourceType(IntEnum):
    UNKNOWN = 0
    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32

class ConfigFilterType(IntEnum):
    ALL = ...
    DYNAMIC = ...
    MODIFIED = ...

class ConfigResource:
    def __init__(
        self, resource_type: ConfigResourceType | str, name: str, configs: Mapping[str, str] | None = ...
    ) -> None: ...

class NewTopic:
    def __init__(
        self,
        name: str,
        num_partitions: int = ...,
        replication_factor: int = ...,
        replica_assignments: Mapping[int, Sequence[int]] | None = ...,
        topic_configs: Mapping[str, str] | None = ...,
    ) -> None: ...

class TopicOptions(TypedDict, total=False):
    num_partitions: int
    replication_factor: int
    assignments: dict[int, list[int]]
    configs: dict[str, str]

class ConfigData(TypedDict, total=False):
    value: str | None
    read_only: bool
    config_source: str
    is_sensitive: bool

class PartitionDescription(TypedDict):
    error_code: int
    partition_index: int
    leader_id: int
    replica_nodes: list[int]
    isr_nodes: list[int]

class TopicDescription(TypedDict):
    error_code: int
    name: str
    partitions: list[PartitionDescription]

class KafkaAdminClient:
    def __init__(self, **configs: object) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
    def alter_configs(
        self,
        config_resources: Sequence[ConfigResource],
        validate_only: bool = ...,
        raise_on_unknown: bool = ...,
        incremental: bool | None = ...,
    ) -> dict[str, object]: ...
    def close(self) -> None: ...
    def create_partitions(
        self,
        topic_partitions: Mapping[str, int],
        timeout_ms: int | None = ...,
        validate_only: bool = ...,
        raise_errors: bool = ...,
    ) -> dict[str, object]: ...
    def create_topics(
        self,
        new_topics: Mapping[str, TopicOptions] | Sequence[str] | Sequence[NewTopic],
        timeout_ms: int | None = ...,
        validate_only: bool = ...,
        raise_errors: bool = ...,
        wait_for_metadata: bool = ...,
    ) -> dict[str, object]: ...
    def delete_groups(self, group_ids: Sequence[str], group_coordinator_id: int | None = ...) -> dict[str, object]: ...
    def delete_records(
        self,
        records_to_delete: Mapping[TopicPartition, int],
        timeout_ms: int | None = ...,
        partition_leader_id: int | None = ...,
    ) -> dict[TopicPartition, dict[str, object]]: ...
    def delete_topics(
        self, topics: Sequence[str], timeout_ms: int | None = ..., raise_errors: bool = ...
    ) -> dict[str, object]: ...
    def describe_cluster(self) -> dict[str, object]: ...
    def describe_configs(
        self,
        config_resources: Sequence[ConfigResource],
        include_synonyms: bool = ...,
        config_filter: ConfigFilterType | str = ...,
    ) -> dict[str, dict[str, dict[str, ConfigData]]]: ...
    def describe_topics(self, topics: Sequence[str] | None = ...) -> list[TopicDescription]: ...
    def list_topics(self) -> list[str]: ...
    def list_group_offsets(
        self, group_specs: Mapping[str, Sequence[TopicPartition] | None]
    ) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]: ...
    def wait_for_topics(self, topic_names: Sequence[str], timeout_ms: int = ...) -> None: ...
