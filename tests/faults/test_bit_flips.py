"""Single bits flipped in a ledger whose log is kept, in its databases or on its topic: the audit names each of them."""

from __future__ import annotations

import random
from collections import Counter

import psycopg
import pytest
from kafka import KafkaProducer

from ledger import audit
from ledger.auditing.finding import Finding
from ledger.domain.refusals import InvariantBroken
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from ledger.topic_guard import create_topic
from ledger.topic_records import records, topic_ends
from tests.faults.conftest import Tell
from tests.faults.flipped_rows import WITHOUT_MEANING, Flipped, FlippedRows
from tests.system import whole_programme
from tests.system.kept_log import keep_once
from tests.system.stored_history import opened_ledger
from tests.system.whole_ledger_audit import assert_audit_clean

FINE = ("named", "without meaning")


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Everything that can happen has happened, in three partitions; two checkpoints of each are signed."""
    folder = tmp_path_factory.mktemp("flips") / "signer"
    made = opened_ledger(postgres, kafka, 3).model_copy(update={"signer_folder": str(folder)})
    keep_once(made)
    whole_programme.everywhere(made)
    keep_once(made)
    assert_audit_clean(made, settled=True)
    return made


def flip_some(settings: Settings, count: int, chance: random.Random, tell: Tell) -> None:
    """Flip so many bits, one after the other, each table in turn; every one must be named."""
    databases = [FlippedRows(settings.owner_database), FlippedRows(settings.owner_read_database)]
    turns = [(database, table) for database in databases for table in database.tables]
    chance.shuffle(turns)
    outcomes: Counter[str] = Counter()
    tables: Counter[str] = Counter()
    wrong: list[str] = []
    for turn in range(100 * count):
        if tables.total() == count:
            break
        database, table = turns[turn % len(turns)]
        with database.flipped(chance, table) as flipped:
            if flipped is None:
                outcomes["refused by the database"] += 1
                continue
            outcome = outcome_of(settings, flipped)
        outcomes[outcome] += 1
        tables[table] += 1
        if outcome not in FINE:
            wrong.append(f"{outcome}: {flipped}")
    tell(", ".join(f"{name} {number}" for name, number in sorted(outcomes.items())))
    tell(", ".join(f"{name} {number}" for name, number in sorted(tables.items())))
    assert not wrong, "\n".join(wrong)
    assert tables.total() == count
    assert outcomes["named"] >= 0.9 * count
    assert_audit_clean(settings)


def outcome_of(settings: Settings, flipped: Flipped) -> str:
    """Whether the audit points at it; a bit that it does not see must be one that means nothing."""
    without_topic = settings.model_copy(update={"kafka": ""})  # the databases alone must know it
    try:
        findings = audit.audit(without_topic).findings
    except (ArithmeticError, LookupError, TypeError, ValueError, psycopg.Error, InvariantBroken) as error:
        return f"ended the audit by {error!r}"
    if any(points_at(finding, flipped) for finding in findings):
        return "named"
    if findings:
        return f"not named by {[finding.line() for finding in findings[:5]]}"
    return "without meaning" if (flipped.table, flipped.column) in WITHOUT_MEANING else "seen by nobody"


def points_at(finding: Finding, flipped: Flipped) -> bool:
    """Its table by name, the position of the event that it comes from, or, of the ledger's only row, its column."""
    if flipped.table == "ledger":
        return finding.field == flipped.column
    return flipped.table in finding.where.place.replace(" ", "_") or (
        finding.where.position is not None and finding.where.position == flipped.row.get("position")
    )


def test_a_bit_flipped_anywhere_is_named(settings: Settings, seed: int, tell: Tell) -> None:
    flip_some(settings, 12, random.Random(seed), tell)


@pytest.mark.proof
def test_a_thousand_bits_flipped_anywhere_are_named(settings: Settings, seed: int, tell: Tell) -> None:
    flip_some(settings, 1_000, random.Random(seed), tell)


def flip_some_records(settings: Settings, count: int, chance: random.Random, tell: Tell) -> None:
    """So many copies of the topic, each with one bit of one record changed on the way."""
    seals = RecordSeal.of(settings)
    ends = topic_ends(settings)
    original = {
        partition: [one for some in records(settings, partition, ends[partition]) for one in some] for partition in ends
    }
    parts: Counter[str] = Counter()
    for number in range(count):
        copy = settings.model_copy(update={"topic": f"{settings.topic}.flipped.{chance.randrange(2**64):x}"})
        create_topic(copy)
        partition = chance.choice([one for one in original if original[one]])
        at = chance.randrange(len(original[partition]))
        part = chance.choice(("key", "value", "content-type", "hmac"))
        with KafkaProducer(bootstrap_servers=settings.kafka, acks="all") as producer:
            for place, kept in original.items():
                for index, record in enumerate(kept):
                    key, value = bytes(record.key or b""), bytes(record.value or b"")
                    sent = {"key": key, "value": value, **dict(seals.headers(value))}
                    if (place, index) == (partition, at):
                        sent[part] = flipped_bytes(chance, sent[part])
                    headers = [(name, sent[name]) for name in ("content-type", "hmac")]
                    producer.send(copy.topic, sent["value"], sent["key"], headers, place)
            producer.flush(30)
        findings = audit.audit(copy, settled=True).findings
        found = [one for one in findings if (one.where.place, one.where.partition) == ("topic", partition)]
        lines = [one.line() for one in findings]
        assert any(one.where.position == at + 1 for one in found), (
            f"flip {number}: {part} of position {at + 1}: {lines}"
        )
        parts[part] += 1
    tell("named " + ", ".join(f"{name} {number}" for name, number in sorted(parts.items())))


def flipped_bytes(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def test_a_bit_flipped_in_a_record_of_the_topic_is_named(settings: Settings, seed: int, tell: Tell) -> None:
    flip_some_records(settings, 2, random.Random(seed), tell)


@pytest.mark.proof
def test_a_hundred_bits_flipped_in_records_of_the_topic_are_named(settings: Settings, seed: int, tell: Tell) -> None:
    flip_some_records(settings, 100, random.Random(seed), tell)
