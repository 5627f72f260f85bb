# Types of the part of kafka-python 3.0 that this project uses; the library carries none. Keys and values are bytes:
# no serializers are configured here.
from kafka.admin import KafkaAdminClient as KafkaAdminClient
from kafka.consumer import ConsumerRebalanceListener as ConsumerRebalanceListener
from kafka.consumer import KafkaConsumer as KafkaConsumer
from kafka.producer import KafkaProducer as KafkaProducer
from kafka.structs import ConsumerGroupMetadata as ConsumerGroupMetadata
from kafka.structs import OffsetAndMetadata as OffsetAndMetadata
from kafka.structs import TopicPartition as TopicPartition

__version__: str
