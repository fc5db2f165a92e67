"""A producer of app events with Confluent's own Avro serializer.

    pip install "confluent-kafka[avro,schemaregistry]"
    python examples/producer.py [BROKER] [REGISTRY]

against a running `npx tidemark up`, which prints both addresses.
"""

import sys
import time
import uuid
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

BROKER = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
REGISTRY = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8080/registry"
TOPIC = "app-events"

schema = (Path(__file__).parent.parent / "schemas" / "app-event.avsc").read_text()
serialize = AvroSerializer(SchemaRegistryClient({"url": REGISTRY}), schema)
# Java's partitioner, so that a user's events meet in one partition whoever sends them.
producer = Producer({"bootstrap.servers": BROKER, "partitioner": "murmur2_random"})

user = str(uuid.uuid4())
for event_type in ("app_open", "page_view", "page_view"):
    event = {
        "event_id": str(uuid.uuid4()),
        "user_id": user,
        "event_type": event_type,
        "event_time": time.time_ns() // 1000,
        "platform": "ios",
        "properties": {},
    }
    value = serialize(event, SerializationContext(TOPIC, MessageField.VALUE))
    producer.produce(TOPIC, key=user, value=value)
undelivered = producer.flush(10)
print(f"sent 3 events of user {user}" if undelivered == 0 else f"{undelivered} events were not delivered")
sys.exit(1 if undelivered else 0)
