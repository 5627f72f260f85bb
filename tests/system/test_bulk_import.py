"""Spreadsheets imported into a served ledger: each kind, again, changed, killed, by two at once. All synthetic."""

from __future__ import annotations

import csv
import json
import re
import shlex
import signal
import time
from pathlib import Path

import pytest

from ledger.bulk.saved import NAMED
from tests.system.acting import token_for
from tests.system.club_programme import VERIFIER, Club, counts, new_id, notes, problems, rows_of
from tests.system.saved_programme import PERSONS, balances, history
from tests.system.served_ledger import PROJECT, answered, hours_ledger, served_in_a_folder
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1.resources_pb2 import MEMBER_ROLE_COORDINATOR

EXAMPLES = PROJECT / "examples" / "spreadsheets"
HALF_HOUR = 1800
AS_VERIFIER = ("--actor", VERIFIER)


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def served(request):
    with served_in_a_folder(request.param) as ledger:
        yield ledger


@pytest.fixture
def club(served, tmp_path):
    club = Club(served, tmp_path)
    yield club
    club.channel.close()


def attendances(club: Club, rows, **defaults: str) -> tuple[Path, Path]:
    return club.written("attendances", rows, shift=club.shift, **defaults)


def example(kind: str, name: str = "") -> tuple[Path, Path]:
    name = name or kind
    return EXAMPLES / f"{name}.csv", EXAMPLES / f"{name}.toml"


def test_the_examples_are_imported_as_the_page_says(served, tmp_path, monkeypatch):
    club = Club(served, tmp_path, "north-club", "north-club-beach")
    before = club.recorded()
    assert counts(club.import_("volunteers", example("volunteers"), "--dry-run")) == {"create": 6}
    assert club.recorded() == before
    for kind, name, told in (
        ("volunteers", "volunteers", {"create": 6}),
        ("registrations", "registrations", {"create": 3, "unchanged": 1}),
        ("attendances", "attendances", {"create": 4}),
        ("hours", "hours-ar", {"open": 8, "create": 7}),
    ):
        assert counts(club.import_(kind, example(kind, name), "--dry-run")) == told
        assert counts(club.import_(kind, example(kind, name))) == told
    served_seconds = 4 * 3600 + 9000 + 4 * 3600 + 10799
    assert club.seconds() == {"attended": served_seconds + 93_000}
    first, second = (
        club.directory.GetAttendance(directory.GetAttendanceRequest(name=name), timeout=60)
        for name in names_on(club, "1", "2024-03-15")
    )
    assert (first.start_time.ToJsonString(), first.end_time.ToJsonString()) == (
        "2024-03-15T05:00:00Z",
        "2024-03-15T12:30:00Z",
    )
    assert second.start_time == first.end_time
    assert first.migrated
    verified = club.import_("verifications", example("verifications", "verified"), *AS_VERIFIER)
    assert counts(verified) == {"change": 4}
    assert "line 3 change: 1,800 s not confirmed" in notes(verified)
    assert club.seconds()["verified"] == 16_200 + 25_200 + 21_600 + 6_300
    recorded = club.recorded()
    monkeypatch.chdir(EXAMPLES)
    page = (PROJECT / "docs" / "spreadsheets.md").read_text("utf-8")
    printed = [shlex.split(line)[1:] for line in re.findall(r"^\$ (hours-ledger import .+)$", page, re.MULTILINE)]
    assert len(printed) == 4
    for line in printed:
        done = hours_ledger(*line, address=served.grpc)
        assert (done.returncode, ", 0 create, 0 change," in done.stdout) == (0, True), done
    for kind, name, rows in (
        ("volunteers", "volunteers", 6),
        ("registrations", "registrations", 4),
        ("attendances", "attendances", 4),
        ("verifications", "verified", 4),
    ):
        assert counts(club.import_(kind, example(kind, name), *AS_VERIFIER)) == {"unchanged": rows}
    assert club.recorded() == recorded


def names_on(club: Club, person: str, date: str) -> list[str]:
    """The person's attendances at shifts that have that date alone, in the order of their times."""
    question = directory.ListAttendancesRequest(parent=f"volunteers/{club.system}--{person}", page_size=100)
    found = club.directory.ListAttendances(question, timeout=60).attendances
    at = [one for one in found if f"/shifts/{date}-" in one.shift]
    return [one.name for one in sorted(at, key=lambda one: one.start_time.seconds)]


def test_again_with_rows_inserted_changed_and_gone(club):
    club.register(1, 2, 3, 4, 5)
    rows = rows_of(range(600))
    files = attendances(club, rows)
    assert counts(club.import_("attendances", files)) == {"create": 600}
    recorded = club.recorded()
    assert counts(club.import_("attendances", files)) == {"unchanged": 600}
    assert club.recorded() == recorded

    rows.insert(0, rows_of([700])[0])
    gone = rows.pop(10)
    rows[20]["duration"] = "0:20"
    changed = rows[20]
    files = attendances(club, rows)
    dry = club.import_("attendances", files, "--dry-run")
    assert counts(dry) == {"create": 1, "change": 1, "unchanged": 598, "missing": 1}
    assert [row["name"] for row in dry["rows"] if row["action"] == "missing"] == [
        f"volunteers/{club.system}--{gone['volunteer']}/attendances/{club.system}--{gone['id']}"
    ]
    assert club.recorded() == recorded
    assert counts(club.import_("attendances", files)) == {"create": 1, "change": 1, "unchanged": 598, "missing": 1}
    assert club.recorded() == recorded + 2
    assert club.seconds() == {"attended": 601 * HALF_HOUR - 600, "reversed": 600}
    assert club.attendance(changed["id"], changed["volunteer"]).seconds.attended_seconds == 1200
    assert counts(club.import_("attendances", files)) == {"unchanged": 600, "missing": 1}

    for duration in ("0:30", "0:20"):
        # A change that is taken back and made again is recorded each time.
        changed["duration"] = duration
        assert counts(club.import_("attendances", attendances(club, rows)))["change"] == 1
    assert club.attendance(changed["id"], changed["volunteer"]).seconds.attended_seconds == 1200


def test_killed_midway_and_run_again_ends_as_if_it_had_run_once(club):
    club.register(1, 2, 3, 4, 5)
    # The full dose has pages left that were not under way when it was killed.
    count = 5_000 if club.served.partitions == 1 else 1_100
    files = attendances(club, rows_of(range(count)))
    before = club.recorded()
    with club.process("attendances", files) as importing:
        assert b"create" in importing.stdout.readline()
        importing.kill()
    assert importing.returncode == -signal.SIGKILL
    written = club.recorded() - before
    assert 500 <= written <= min(count, 4 * 500 + 1_000), written
    again = counts(club.import_("attendances", files))
    assert again.get("create", 0) + again["unchanged"] == count
    assert club.recorded() == before + count
    assert club.seconds() == {"attended": count * HALF_HOUR}


def test_two_people_who_import_one_file_at_once_record_it_once(club):
    club.register(1, 2, 3, 4, 5)
    files = attendances(club, rows_of(range(520)))
    before = club.recorded()
    with club.process("attendances", files) as first, club.process("attendances", files) as second:
        told = [one.communicate(timeout=120)[0] for one in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    assert club.recorded() == before + 520
    assert counts(club.import_("attendances", files)) == {"unchanged": 520}
    assert club.seconds() == {"attended": 520 * HALF_HOUR}


def test_nothing_is_sent_while_one_row_is_wrong_unless_that_is_asked(club):
    club.register(1, 2, 3, 4, 5)
    rows = rows_of(range(10))
    rows[2]["start_time"] = "25:00"
    rows[3]["volunteer"] = 99
    rows[4]["id"] = 0
    files = attendances(club, rows)
    before = club.recorded()
    refused = club.import_("attendances", files, code=1)
    assert problems(refused)[1:] == [
        f"line 5 volunteer: the ledger has no volunteers/{club.system}--99",
        "line 6 id: it stands in line 2 already",
    ]
    assert problems(refused)[0].startswith("line 4 start_time:")
    assert not refused["sent"]
    assert club.recorded() == before
    assert counts(club.import_("attendances", files, "--continue-on-error", code=1)) == {"create": 7, "refused": 3}
    assert club.recorded() == before + 7
    assert club.seconds() == {"attended": 7 * HALF_HOUR}


def test_what_only_the_service_knows_it_refuses_beside_what_stands(club):
    club.register(1, 2)
    rows = [
        {"id": 1, "volunteer": 1, "date": "2026-03-01", "start_time": "08:00", "duration": "1:00"},
        {"id": 2, "volunteer": 2, "date": "2026-12-24", "start_time": "08:00", "duration": "1:00"},
        {"id": 3, "volunteer": 1, "date": "2026-03-01", "start_time": "08:30", "duration": "1:00"},
    ]
    answer = club.import_("attendances", attendances(club, rows), code=1)
    assert answer["sent"]
    assert counts(answer) == {"create": 2, "refused": 1}
    assert problems(answer)[0].startswith("line 3 None: SERVICE_IN_FUTURE")
    assert notes(answer) == ["line 4 create: 1,800 s withheld"]
    assert club.seconds() == {"attended": 5400, "withheld": 1800}


def test_what_people_decided_stays(club):
    club.register(1, 2, 3, 4, 5)
    rows = rows_of(range(5))
    club.import_("attendances", attendances(club, rows))
    names = [f"volunteers/{club.system}--{row['volunteer']}/attendances/{club.system}--{row['id']}" for row in rows]
    verified = [{"id": name, "verified": ""} for name in names[:1]]
    assert counts(club.import_("verifications", club.written("verifications", verified), *AS_VERIFIER)) == {"change": 1}
    withdraw = participation.WithdrawAttendanceRequest(request_id=new_id(), name=names[1], reason="TEST_ENDED")
    club.told(club.participation.WithdrawAttendance(withdraw, timeout=60))
    before = club.recorded()
    rows[0]["duration"] = "0:10"
    rows[2]["volunteer"] = 1
    answer = club.import_("attendances", attendances(club, rows), "--continue-on-error", code=1)
    assert counts(answer) == {"unchanged": 3, "refused": 2}
    assert [line.split(":", 1)[1] for line in problems(answer)] == [
        " its hours are verified, and end_time differ",
        f" the ledger has it as {names[2]}",
    ]
    assert notes(answer) == ["line 3 unchanged: withdrawn in the ledger: it stays so"]
    assert club.recorded() == before


def test_durations_are_laid_on_a_day_and_stay_there(club):
    club.register(1)
    given = {"organization": club.organization, "region": "SA-01", "activity": "Synthetic", "start_time": "20:00"}

    def older(*rows: tuple[str, str]):
        written = [{"id": id_, "volunteer": 1, "date": "2025-05-05", "duration": length} for id_, length in rows]
        return club.written("hours", written, **given)

    def laid(id_: str) -> tuple[str, int]:
        found = club.attendance(id_, 1)
        return found.start_time.ToJsonString(), found.seconds.attended_seconds

    assert counts(club.import_("hours", older(("a", "2"), ("b", "1.5"), ("c", "3")))) == {"open": 2, "create": 3}
    assert laid("a") == ("2025-05-05T17:00:00Z", 7200)
    assert laid("b") == ("2025-05-05T19:00:00Z", 5400)
    assert laid("c") == ("2025-05-04T21:00:00Z", 10800), "no room until midnight: the first gap of the day"
    again = older(("new", "0.5"), ("a", "2"), ("b", "1"), ("c", "3"))
    assert counts(club.import_("hours", again)) == {"create": 1, "change": 1, "unchanged": 2}
    assert laid("a") == ("2025-05-05T17:00:00Z", 7200)
    assert laid("b") == ("2025-05-05T19:00:00Z", 3600)
    assert laid("new") == ("2025-05-05T20:00:00Z", 1800)
    later = club.import_("hours", older(("later", "1")))
    assert counts(later) == {"create": 1, "missing": 4}, "a file of new rows alone"
    assert laid("later") == ("2025-05-05T00:00:00Z", 3600)
    too_much = older(("new", "0.5"), ("a", "2"), ("b", "1"), ("c", "3"), ("d", "17.5"), ("e", "0.5"))
    before = club.recorded()
    refused = club.import_("hours", too_much, code=1)
    assert problems(refused)[0].startswith("line 6 duration: 63,000 s find no room on 2025-05-05")
    assert club.recorded() == before
    assert club.seconds() == {"attended": 7200 + 3600 + 10800 + 1800 + 3600, "reversed": 1800}


def test_persons_are_registered_changed_and_never_named_by_an_identity_number(club):
    rows = [
        {"id": "k-1", "name.en": "Synthetic One", "email": "one@example.org", "identity_number": "1000000008"},
        {"id": "1000000016", "name.en": "Synthetic Two", "email": "", "identity_number": ""},
        {"id": "k/3", "name.en": "Synthetic Three", "email": "three", "identity_number": ""},
    ]
    given = {"identity_type": "national_id"}
    refused = club.import_("volunteers", club.written("volunteers", rows, **given), code=1)
    assert [line.split(":")[0] for line in problems(refused)] == ["line 3 id", "line 4 email"]
    rows[1]["id"], rows[2]["email"] = "k-2", "three@example.org"
    files = club.written("volunteers", rows, **given)
    assert counts(club.import_("volunteers", files)) == {"create": 3}
    assert counts(club.import_("volunteers", files)) == {"unchanged": 3}
    rows[0]["email"] = "new@example.org"
    changed = club.import_("volunteers", club.written("volunteers", rows, **given))
    assert counts(changed) == {"change": 1, "unchanged": 2}
    assert notes(changed) == ["line 2 change: email"]
    rows.append({"id": "k-4", "name.en": "Synthetic One", "email": "", "identity_number": "١٠٠٠٠٠٠٠٠٨"})
    second = club.import_("volunteers", club.written("volunteers", rows, **given), code=1)
    assert problems(second) == [f"line 5 identity_number: this identity is registered as volunteers/{club.system}--k-1"]
    told = b"\n".join(club.events()).decode()
    assert not [text for text in ("Synthetic One", "1000000008", "example.org") if text in told]

    by_number = [{"id": 1, "volunteer": "1000-0000-08", "duration": "1:00"}]
    assert counts(club.import_("attendances", attendances(club, by_number, **given))) == {"create": 1}
    assert club.attendance(1, "k-1").seconds.attended_seconds == 3600
    unknown = club.import_("attendances", attendances(club, [{"id": 2, "volunteer": "1000000016"}], **given), code=1)
    assert "1000000016" not in json.dumps(unknown)


def test_registrations_are_taken_in_order_and_given_back(club):
    club.register(1, 2, 3)
    rows = [{"id": n, "volunteer": n, "shift": club.shift, "status": "registered"} for n in (1, 2, 3)]
    assert counts(club.import_("registrations", club.written("registrations", rows))) == {"create": 3}
    rows[0]["status"] = "withdrawn"
    files = club.written("registrations", rows)
    assert counts(club.import_("registrations", files)) == {"withdraw": 1, "unchanged": 2}
    assert counts(club.import_("registrations", files)) == {"unchanged": 3}
    rows[0]["status"] = "registered"
    answer = club.import_("registrations", club.written("registrations", rows))
    assert notes(answer) == ["line 2 unchanged: withdrawn in the ledger: it stays so"]


def test_a_coordinator_records_for_their_own_organisation_beside_what_is_another_s(club, tmp_path):
    club.register(1, 2)
    other = Club(club.served, tmp_path)
    client, coordinator = f"app-{club.system}", f"staff/c-{club.system}"
    register = ("client", "register", client, "--system-name", "synthetic", "--role", "coordinator", "--json")
    answered(hours_ledger(*register, address=club.served.grpc))
    club.appoint(coordinator, MEMBER_ROLE_COORDINATOR)
    rows = rows_of((0, 5, 10))
    rows = [row | {"shift": shift} for row, shift in zip(rows, (club.shift, other.shift, club.shift), strict=True)]
    files = club.written("attendances", rows)
    token = {"LEDGER_TOKEN": token_for(coordinator, client, roles=())}
    command = ("import", "attendances", *map(str, files[:1]), "--mapping", str(files[1]))
    # New clients and appointments are looked for every second; until then the import ends, and tells no row.
    deadline = time.monotonic() + 30
    while not (told := hours_ledger(*command, "--dry-run", address=club.served.grpc, **token)).stdout:
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    answer = club.import_("attendances", files, "--continue-on-error", code=1, **token)
    assert counts(answer) == {"create": 2, "refused": 1}
    assert [row["line"] for row in answer["rows"] if row["action"] == "refused"] == [3]
    assert club.seconds() == {"attended": 2 * HALF_HOUR}
    other.channel.close()


def test_a_guess_is_a_mapping_to_begin_with(tmp_path):
    done = hours_ledger("import", "hours", EXAMPLES / "hours-ar.csv", "--guess")
    assert done.returncode == 0, done.stderr
    assert 'volunteer = "المتطوع"' in done.stdout
    assert 'time_zone = "?"' in done.stdout
    mapping = tmp_path / "guessed.toml"
    mapping.write_text(done.stdout, "utf-8")
    refused = hours_ledger("import", "hours", EXAMPLES / "hours-ar.csv", "--mapping", mapping)
    assert refused.returncode == 2
    assert "time_zone" in refused.stderr


def test_what_people_see(club):
    club.register(1, 2, 3, 4, 5)
    file, mapping = attendances(club, rows_of(range(3)))
    command = ["import", "attendances", str(file), "--mapping", str(mapping)]
    done = hours_ledger(*command, "--dry-run", address=club.served.grpc)
    lines = done.stdout.splitlines()
    name = f"volunteers/{club.system}--1/attendances/{club.system}--0"
    assert lines[0] == f"line 2      create     {name}"
    assert lines[-1] == "0 open, 3 create, 0 change, 0 withdraw, 0 unchanged, 0 refused, 0 missing; nothing was sent"
    file.write_text(file.read_text("utf-8").replace("0:30", "half"), "utf-8")
    done = hours_ledger(*command, address=club.served.grpc)
    assert done.returncode == 1
    assert "3 refused; nothing was sent" in done.stderr
    assert 'line 2      refused    duration: "half" is no duration; write hours such as 7.5 or 7:30' in done.stdout
    wrong_kind = hours_ledger("import", "hours", file, "--mapping", mapping, address=club.served.grpc)
    assert wrong_kind.returncode == 2
    assert "is for attendances" in " ".join(wrong_kind.stderr.replace("│", " ").split())


def test_saved_and_imported_into_an_empty_ledger_the_balances_are_the_same(club):
    history(club)
    before = balances(club)
    persons, attendances = club.folder / "volunteers.csv", club.folder / "attendances.xlsx"
    for words in (("volunteers", str(persons)), ("attendances", str(attendances), "--of", club.organization)):
        saved = hours_ledger("save", *words, address=club.served.grpc)
        assert saved.returncode == 0, saved.stderr
    with persons.open(encoding="utf-8-sig", newline="") as text:
        everybody = len(list(csv.DictReader(text)))
    with served_in_a_folder(1) as new:
        again = Club(new, club.folder, club.system, offers=False)
        assert counts(again.imported("volunteers", persons, NAMED)) == {"create": everybody}
        assert counts(again.imported("hours", attendances, NAMED)) == {"open": 3, "create": 8}
        assert counts(again.imported("verifications", attendances, NAMED, *AS_VERIFIER)) == {"change": 3}
        assert balances(again) == before
        person = again.person(PERSONS[0])
        assert (person.full_name, person.phone, person.identity.number) == (
            "=Synthetic Person", "+966500000001", "SYN12345",
        )  # fmt: skip
        recorded = again.recorded()
        assert counts(again.imported("volunteers", persons, NAMED)) == {"unchanged": everybody}
        assert counts(again.imported("hours", attendances, NAMED)) == {"unchanged": 8}
        assert counts(again.imported("verifications", attendances, NAMED, *AS_VERIFIER)) == {"unchanged": 3}
        assert again.recorded() == recorded
    again.channel.close()
