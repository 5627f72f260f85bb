"""From events to rows on a real PostgreSQL: nothing left out, nothing twice, nothing out of turn."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import sha256
from ledger.projections.canonical_hash import APPLIED, HASHED_TABLES, NOT_HASHED, canonical_hash, canonical_hashes
from ledger.projections.positions import Applied, ForkDetected, Hole
from ledger.projections.projector import Projector
from ledger.projections.rebuild import forget_rows
from tests.system.synthetic_events import (
    OPPORTUNITY,
    ORGANIZATION,
    SHIFT,
    Story,
    cut,
    entry,
    projector,
    read_database,
    rows,
)

ANA, BEN = "volunteers/ana", "volunteers/ben"


def a_day_in_the_park(partition: int = 0) -> Story:
    """Some of everything: directory, presences, decisions about them, and a head count."""
    story = Story(partition)
    story.organization()
    story.tell("organization-accredited", ORGANIZATION, {"organization": ORGANIZATION})
    member = {"organization": ORGANIZATION, "appointment": f"{ORGANIZATION}/appointments/vera", "member": "staff/vera"}
    story.tell("member-appointed", ORGANIZATION, {**member, "role": "verifier", "from_time": "2026-01-01T00:00:00Z"})
    story.opportunity(sector="environment", event_type="Partner Events")
    story.shift()
    for person in (ANA, BEN):
        story.volunteer(person)
        place = f"{SHIFT}/registrations/{person.split('/')[1]}"
        told = {"registration": place, "shift": SHIFT, "opportunity": OPPORTUNITY, "volunteer": person}
        story.tell("registration-accepted", place, told)
    story.tell("registration-withdrawn", place, told)
    story.recorded(f"{ANA}/attendances/one")
    story.hours(
        "hours-verified",
        f"{ANA}/attendances/one",
        entry("attended", "verified", 6000),
        entry("attended", "reversed", 1200, reason="NOT_CONFIRMED"),
        appointment=f"{ORGANIZATION}/appointments/vera",
        verified_seconds=6000,
        counted=[{"start": "2026-03-02T05:00:00Z", "end": "2026-03-02T06:40:00Z"}],
    )
    story.recorded(f"{BEN}/attendances/one", 3600)
    story.hours(
        "group-attendance-recorded",
        f"{SHIFT}/groupAttendances/school",
        entry("outside", "withheld", 900_000, reason="DURATION_ABOVE_CAP"),
        head_count=6,
        attended_seconds=900_000,
        service_date="2026-03-02",
        time_zone="Asia/Riyadh",
        source="migrated",
        flags=["ABOVE_PLACES"],
        withheld_reason="DURATION_ABOVE_CAP",
    )
    return story


def many_attendances(count: int, seed: int, partition: int = 0, told: Story | None = None) -> Story:
    """Attendances of a few people on some days, with a verification now and then."""
    chosen, story = random.Random(seed), told or Story(partition)
    while story.position < count:
        person = f"volunteers/p{partition}-{chosen.randrange(20)}"
        attendance = f"{person}/attendances/a{story.position}"
        day = f"2026-{chosen.randrange(1, 13):02d}-{chosen.randrange(1, 29):02d}"
        seconds = chosen.randrange(1, 30_000)
        shift = f"opportunities/o{chosen.randrange(5)}/shifts/s"
        story.recorded(attendance, seconds, day, shift=shift)
        if chosen.random() < 0.3:
            confirmed = entry("attended", "verified", seconds, day)
            story.hours("hours-verified", attendance, confirmed, shift=shift, appointment="a", verified_seconds=seconds)
    return story


def assert_sums_agree(settings) -> None:
    """Balances and sums by month equal their entries, and all accounts of a partition sum to zero."""
    by_entries: Counter[tuple[str, int]] = Counter()
    outside: Counter[int] = Counter()
    by_month: Counter[tuple[object, ...]] = Counter()
    counts: Counter[str] = Counter()
    moved = "select partition, holder, from_class, to_class, seconds, opportunity, service_date from entries"
    for partition, holder, source, sink, seconds, opportunity, day in rows(settings, moved):
        by_entries[holder, source] -= seconds
        by_entries[holder, sink] += seconds
        by_month[partition, opportunity, day.replace(day=1), source] -= seconds
        by_month[partition, opportunity, day.replace(day=1), sink] += seconds
        outside[partition] += seconds * ((sink == 0) - (source == 0))
        counts[holder] += 1
    classes = (
        "claimed_seconds, attended_seconds, verified_seconds, disputed_seconds, withheld_seconds, reversed_seconds"
    )
    balances = rows(settings, f"select holder, partition, entry_count, {classes} from balances")
    held: Counter[int] = Counter()
    assert {row[0] for row in balances} == set(counts)
    for holder, partition, entry_count, *seconds in balances:
        assert seconds == [by_entries[holder, number] for number in range(1, 7)]
        assert entry_count == counts[holder]
        held[partition] += sum(seconds)
    assert dict(rows(settings, "select partition, seconds from outside_balances")) == dict(outside)
    assert all(held[partition] + seconds == 0 for partition, seconds in outside.items())
    for partition, opportunity, month, *seconds in rows(
        settings, f"select partition, opportunity, service_month, {classes} from hours_by_month"
    ):
        assert seconds == [by_month[partition, opportunity, month, number] for number in range(1, 7)]


def hashes(settings) -> dict[str, str]:
    with psycopg.connect(settings.read_database) as connection:
        return canonical_hashes(connection)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_balances_equal_their_entries_and_all_accounts_sum_to_zero(postgres, seed, size):
    settings = read_database(postgres)
    story = many_attendances(40 if size == 1 else 200, seed, told=a_day_in_the_park())
    with projector(settings) as projecting:
        for batch in cut(story.events, size):
            projecting.apply(0, batch, None)
            assert_sums_agree(settings)
        assert projecting.applied() == {0: Applied(story.position, None, story.now)}


def test_partitions_are_applied_apart(postgres, seed):
    settings = read_database(postgres)
    stories = [many_attendances(100, seed, number) for number in range(3)]
    with projector(settings) as projecting:
        for number in (2, 0):
            projecting.apply(number, stories[number].events, 1000 + number)
        projecting.apply(1, stories[1].events[:50], 1050)  # this one's consumer is slow
        assert_sums_agree(settings)
        assert projecting.applied() == {
            number: Applied(position, 1000 + offset, stories[number].time_of(position))
            for number, position, offset in ((0, stories[0].position, 0), (1, 50, 50), (2, stories[2].position, 2))
        }
        projecting.apply(1, stories[1].events[50:], None)
    assert_sums_agree(settings)


def test_repeated_events_change_nothing(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(60, seed)
    with projector(settings) as projecting:
        projecting.apply(0, story.events[:20], 20)
        before = hashes(settings)
        assert projecting.apply(0, story.events[:20], 25) == 20
        assert projecting.apply(0, story.events[5:12], None) == 20
        assert hashes(settings) == before
        assert projecting.applied()[0].next_offset == 25
        # Repeated ones before, between and after new ones.
        shuffled = [*story.events[15:40], *story.events[30:35], *story.events[:3], *story.events[40:]]
        assert projecting.apply(0, shuffled, None) == story.position
    assert_sums_agree(settings)


@pytest.mark.parametrize("position", [1, 20, 33, 60])
def test_other_bytes_for_a_known_position_are_a_fork(postgres, seed, position):
    settings = read_database(postgres)
    story = many_attendances(60, seed)
    forged = story.events[position - 1].replace(b"staff/synthetic", b"staff/Synthetic")
    with projector(settings) as projecting:
        for batch in cut(story.events[:60], 20):
            projecting.apply(0, batch, None)
        before = hashes(settings)
        with pytest.raises(ForkDetected, match=f"partition 0 position {position}") as caught:
            projecting.apply(0, [forged, *story.events[60:]], None)
        assert (caught.value.partition, caught.value.position) == (0, position)
    assert hashes(settings) == before


def test_two_events_of_one_position_within_a_batch_are_a_fork(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(10, seed)
    forged = story.events[7].replace(b"staff/synthetic", b"staff/Synthetic")
    with projector(settings) as projecting, pytest.raises(ForkDetected, match="position 8"):
        projecting.apply(0, [*story.events, forged], None)
    assert rows(settings, "select * from entries") == []


def test_nothing_is_applied_past_a_hole(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(30, seed)
    with projector(settings) as projecting:
        projecting.apply(0, story.events[:5], 5)
        with pytest.raises(Hole) as caught:
            projecting.apply(0, story.events[9:], 30)
        assert (caught.value.partition, caught.value.expected, caught.value.got) == (0, 6, 10)
        with pytest.raises(Hole):
            projecting.apply(0, [*story.events[5:12], *story.events[13:]], 30)
        # What came before the hole is applied; where to read on is not moved past it.
        assert projecting.applied()[0] == Applied(12, 5, story.time_of(12))
        projecting.apply(0, story.events[12:], 30)
    assert_sums_agree(settings)


def test_an_event_of_another_partition_is_refused(postgres):
    settings = read_database(postgres)
    with projector(settings) as projecting, pytest.raises(InvariantBroken, match="partition 1 position 1"):
        projecting.apply(0, Story(1).events, None)


def test_an_unreadable_event_rolls_the_whole_batch_back(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(20, seed)
    newer = story.events[15].replace(b'"schemaversion":1', b'"schemaversion":9')
    with projector(settings) as projecting:
        projecting.apply(0, story.events[:10], 10)
        before = hashes(settings)
        with pytest.raises(InvariantBroken, match="position 16"):
            projecting.apply(0, [*story.events[10:15], newer, *story.events[16:]], 20)
        assert hashes(settings) == before
        projecting.apply(0, story.events[10:], 20)
    assert_sums_agree(settings)


def test_a_lost_connection_rolls_the_whole_batch_back(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(3000, seed)
    with psycopg.connect(settings.owner_read_database, autocommit=True) as owner:
        owner.execute("alter table registrations add constraint none_yet check (false)")
        told = {"registration": "r", "shift": SHIFT, "opportunity": OPPORTUNITY, "volunteer": ANA}
        story.shift()
        story.tell("registration-accepted", f"{SHIFT}/registrations/ana", told)
        with projector(settings) as projecting:
            with pytest.raises(psycopg.Error):
                projecting.apply(0, story.events, None)  # fails at its last table
            assert projecting.applied() == {}
            assert rows(settings, "select * from balances") == []
            owner.execute("alter table registrations drop constraint none_yet")  # the database is shared: undone
            projecting.apply(0, story.events, None)
    assert_sums_agree(settings)


def apply_all(projecting: Projector, events: Sequence[bytes]) -> int:
    return [projecting.apply(0, batch, None) for batch in cut(events, 40)][-1]


def test_of_two_consumers_of_one_partition_the_zombie_does_nothing(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(400, seed)
    with projector(settings) as living, projector(settings) as zombie:
        with ThreadPoolExecutor(2) as both:
            ends = [both.submit(apply_all, one, story.events) for one in (living, zombie)]
        assert [end.result() for end in ends] == [story.position, story.position]
        assert living.applied()[0].position == story.position
    assert rows(settings, "select count(*), count(distinct (holder, position, entry_index)) from entries")[0][0] == len(
        [event for event in story.events if b'"entries"' in event]
    )
    assert_sums_agree(settings)


def test_attendances_show_what_became_of_them(postgres):
    settings = read_database(postgres)
    story = a_day_in_the_park()
    with projector(settings) as projecting:
        projecting.apply(0, story.events, None)
    shown = {
        row[0]: row[1:]
        for row in rows(
            settings,
            "select attendance, state, head_count, flags, withheld_reasons, policy, migrated, attended_seconds, "
            "verified_seconds, withheld_seconds, reversed_seconds from attendances",
        )
    }
    policy = "policies/standard/versions/1"
    assert shown == {
        f"{ANA}/attendances/one": ("verified", 1, [], [], policy, False, 0, 6000, 0, 1200),
        f"{BEN}/attendances/one": ("recorded", 1, [], [], policy, False, 3600, 0, 0, 0),
        f"{SHIFT}/groupAttendances/school": (
            "recorded", 6, ["ABOVE_PLACES"], ["DURATION_ABOVE_CAP"], policy, True, 0, 0, 900_000, 0,
        ),
    }  # fmt: skip
    assert rows(settings, "select places_taken from shifts") == [(1,)]
    assert rows(settings, "select registration, state from registrations order by 1") == [
        (f"{SHIFT}/registrations/ana", "accepted"),
        (f"{SHIFT}/registrations/ben", "withdrawn"),
    ]


def test_a_decision_that_leaves_counted_seconds_leaves_the_attendance_standing(postgres):
    settings = read_database(postgres)
    story, rest = Story(), [{"start": "2026-03-02T05:00:00Z", "end": "2026-03-02T06:00:00Z"}]
    outcomes = {
        "declined": ("hours-declined", []),
        "verified": ("hours-declined", rest),
        "reversed": ("hours-reversed", []),
        "recorded": ("hours-reversed", rest),
    }
    for name, (kind, counted) in outcomes.items():
        story.recorded(f"{ANA}/attendances/{name}", withheld_reason="OVERLAP")
        story.hours(kind, f"{ANA}/attendances/{name}", counted=counted, appointment="a", reason="MISTAKE")
    story.recorded(f"{ANA}/attendances/withdrawn", withheld_reason="OVERLAP", flags=["BEFORE_SERVICE_DATE"])
    gone = entry("attended", "reversed", 7200, reason="WITHDRAWN")
    story.hours("attendance-withdrawn", f"{ANA}/attendances/withdrawn", gone, reason="WITHDRAWN", source="native")
    story.recorded(f"{ANA}/attendances/released", withheld_reason="OVERLAP")
    story.hours("hours-released", f"{ANA}/attendances/released", reason="OVERLAP_ENDED")
    with projector(settings) as projecting:
        projecting.apply(0, story.events, None)
    shown = rows(settings, "select attendance, state, withheld_reasons, flags from attendances order by 1")
    assert shown == [
        (f"{ANA}/attendances/declined", "declined", [], []),
        (f"{ANA}/attendances/recorded", "recorded", ["OVERLAP"], []),
        (f"{ANA}/attendances/released", "recorded", [], []),
        (f"{ANA}/attendances/reversed", "reversed", ["OVERLAP"], []),
        (f"{ANA}/attendances/verified", "verified", [], []),
        (f"{ANA}/attendances/withdrawn", "withdrawn", [], ["BEFORE_SERVICE_DATE"]),
    ]


@pytest.mark.parametrize("partitions", [1, 3])
def test_rebuilt_rows_have_the_same_hash_however_the_batches_are_cut(postgres, seed, partitions):
    settings = read_database(postgres)
    # A name lies in one partition only: the directory is told in the first.
    first = many_attendances(150, seed, 0, a_day_in_the_park())
    stories = [first, *(many_attendances(150, seed, number) for number in range(1, partitions))]
    found = []
    for size in (11, 64, 1000):
        with projector(settings) as projecting:
            for number, story in enumerate(stories):
                for offset, batch in enumerate(cut(story.events, size)):
                    projecting.apply(number, batch, offset * size)
        found.append(hashes(settings))
        forget_rows(settings.projector_database)
        assert rows(settings, "select * from balances") == rows(settings, "select * from positions") == []
    assert found[0] == found[1] == found[2]
    assert len({canonical_hash(one) for one in found}) == 1


def test_one_changed_byte_changes_the_hash_of_its_table(postgres):
    settings = read_database(postgres)
    with projector(settings) as projecting:
        projecting.apply(0, a_day_in_the_park().events, None)
    before = hashes(settings)
    changes = {
        "balances": "update balances set attended_seconds = attended_seconds + 1 where holder = 'volunteers/ben'",
        "journal_lines": "update journal_lines set reason = 'NOT CONFIRMED' where reason = 'NOT_CONFIRMED'",
        "volunteers": "update volunteers set details = '{}' where volunteer = 'volunteers/ana'",
        APPLIED: "update applied_batches set hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40))",
    }
    with psycopg.connect(settings.owner_read_database, autocommit=True) as owner:
        for table, statement in changes.items():
            assert owner.execute(statement.encode()).rowcount == 1
            after = hashes(settings)
            assert {name for name in after if after[name] != before[name]} == {table}
            before = after


def test_every_table_is_hashed_or_left_out_for_a_reason(postgres):
    settings = read_database(postgres)
    tables = rows(
        settings, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {row[0] for row in tables} == {table.name for table in HASHED_TABLES} | {APPLIED} | set(NOT_HASHED)
    for table in HASHED_TABLES:
        key = rows(
            settings,
            "select array_agg(a.attname order by k.place) from pg_index i "
            "cross join unnest(i.indkey) with ordinality k (number, place) "
            "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number "
            "where i.indisprimary and i.indrelid = %s::regclass and k.place <= i.indnkeyatts",
            table.name,
        )
        assert key == [(list(table.key),)]


def test_the_reader_can_only_read_and_the_projector_cannot_migrate(postgres):
    settings = read_database(postgres)
    with psycopg.connect(settings.read_database, autocommit=True) as reader:
        for statement in ("delete from balances", "insert into positions values (0, 1)", "truncate journal_lines"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement.encode())
    with psycopg.connect(settings.projector_database, autocommit=True) as writer:
        for statement in ("delete from schema_version", "drop table balances", "create table spare (n int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute(statement.encode())


def test_each_applied_batch_keeps_the_hashes_of_its_bytes(postgres, seed):
    settings = read_database(postgres)
    story = many_attendances(25, seed)
    with projector(settings) as projecting:
        for batch in cut(story.events, 10):
            projecting.apply(0, batch, None)
    kept = rows(settings, "select first_position, last_position, hashes from applied_batches order by 1")
    assert b"".join(row[2] for row in kept) == b"".join(map(sha256, story.events))
    assert [row[:2] for row in kept] == [(1, 10), (11, 20), (21, story.position)]
