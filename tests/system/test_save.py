"""`hours-ledger save`: every format adds up to the ledger's own answers, at one moment, for those who may."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import grpc
import pytest
from pyarrow import parquet

from ledger.access.caller import Role
from ledger.saving.tables import ATTENDANCES, ENTRIES
from tests.system.acting import acting_as, channel_to, token_for
from tests.system.grpc_caller import Client
from tests.system.saving_programme import HOSTILE_NAME, OTHER, PEOPLE, asked, happen
from tests.system.served_ledger import Done, hours_ledger, served_ledger
from tests.system.small_programme import ANA, GARDEN, GREEN
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import bulk_reading_pb2 as bulk
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import AsOf, PositionSet
from volunteer_hours.v1.values_pb2 import Period

CLASSES = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")


@dataclass(frozen=True)
class Told:
    """A ledger in which something happened."""

    address: str
    channel: grpc.Channel
    last: Mapping[int, int]

    @property
    def positions(self) -> str:
        return ",".join(f"{partition}:{position}" for partition, position in self.last.items())

    def save(self, *arguments: str | Path, **environment: str) -> Done:
        done = hours_ledger("save", *arguments, address=self.address, **environment)
        assert done.returncode == 0, done.stderr
        return done

    def total(self, question: hours.SummarizeHoursRequest | None = None) -> dict[str, int]:
        request = hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_MONTH, positions=asked(self.last))
        request.MergeFrom(question or hours.SummarizeHoursRequest())
        seconds = HoursServiceStub(self.channel).SummarizeHours(request, timeout=20).total
        return {name: getattr(seconds, f"{name}_seconds") for name in CLASSES}


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    with served_ledger(request.param) as address, channel_to(address) as channel:
        yield Told(address, channel, happen(Client(channel)))


Rows = list[dict[str, object]]


def read(place: Path) -> Rows:
    """A saved file, as other programs read it."""
    if place.suffix == ".parquet":
        return parquet.read_table(place).to_pylist()
    if place.suffix == ".jsonl":
        return [json.loads(line) for line in place.read_text("utf-8").splitlines()]
    if place.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(place.read_text("utf-8-sig"), newline="")))
    return _workbook(place)


def _workbook(place: Path) -> Rows:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(place) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    lines: list[dict[str, object]] = []
    for row in sheet.iter(f"{space}row"):
        cells: dict[str, object] = {}
        for cell in row.iter(f"{space}c"):
            letter = "".join(sign for sign in cell.get("r", "") if sign.isalpha())
            texts = [one.text or "" for one in cell.iter(f"{space}t")]
            value = cell.find(f"{space}v")
            cells[letter] = "".join(texts) if value is None else float(value.text or "")
        lines.append(cells)
    header = {letter: str(name) for letter, name in lines[0].items()}
    return [{name: line.get(letter, "") for letter, name in header.items()} for line in lines[1:]]


def folded(entries: Rows) -> dict[str, int]:
    """Balances by class: what went in less what went out."""
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[str(entry["to_class"])] += whole(entry["seconds"])
        sums[str(entry["from_class"])] -= whole(entry["seconds"])
    return {name: sums[name] for name in CLASSES}


def whole(value: object) -> int:
    return int(float(str(value)))


def summed(attendances: Rows) -> dict[str, int]:
    return {name: sum(whole(row[f"{name}_seconds"]) for row in attendances) for name in CLASSES}


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "jsonl"])
def test_every_format_adds_up_to_the_ledger(told: Told, tmp_path: Path, ending: str):
    total = told.total()
    assert min(total[name] for name in ("attended", "verified", "withheld", "reversed")) > 0
    entries, attendances = tmp_path / f"entries.{ending}", tmp_path / f"attendances.{ending}"
    said = told.save("entries", entries, "--positions", told.positions)
    rows = read(entries)
    assert list(rows[0]) == [column.name for column in ENTRIES.columns]
    assert folded(rows) == total
    assert said.stderr.splitlines()[-1].startswith(f"{len(rows)} rows to {entries}, at positions ")
    told.save("attendances", attendances, "--positions", told.positions)
    presences = read(attendances)
    assert list(presences[0]) == [column.name for column in ATTENDANCES.columns]
    assert len(presences) == len({row["attendance"] for row in presences}) == 3 * len(PEOPLE) + 1
    assert summed(presences) == total
    by_group = tmp_path / f"summaries.{ending}"
    told.save("summaries", by_group, "--positions", told.positions, "--by", "organization")
    assert summed(read(by_group)) == total
    assert {row["group"] for row in read(by_group)} == {GREEN, OTHER}


def test_one_person_and_one_organisation_add_up_to_their_own(told: Told, tmp_path: Path):
    file, presences = tmp_path / "entries.jsonl", tmp_path / "attendances.jsonl"
    for name in (ANA, GARDEN):
        balance = HoursServiceStub(told.channel).GetBalance(
            hours.GetBalanceRequest(name=name, positions=asked(told.last)), timeout=20
        )
        told.save("entries", file, "--of", name)
        assert len(read(file)) == balance.entry_count
        assert {row["holder"] for row in read(file)} == {name}
        wanted = {each: getattr(balance.seconds, f"{each}_seconds") for each in CLASSES}
        assert folded(read(file)) == wanted
        told.save("attendances", presences, "--of", name)
        assert summed(read(presences)) == wanted
    both: Counter[str] = Counter()
    for name in (GREEN, OTHER):
        told.save("entries", file, "--of", name)
        assert folded(read(file)) == told.total(hours.SummarizeHoursRequest(organization=name))
        told.save("attendances", presences, "--of", name)
        assert summed(read(presences)) == told.total(hours.SummarizeHoursRequest(organization=name))
        both.update(str(row["attendance"]) for row in read(presences))
    assert len(both) == 3 * len(PEOPLE) + 1
    assert set(both.values()) == {1}


def test_a_moment_and_a_period_are_those_of_other_answers(told: Told, tmp_path: Path):
    half = {partition: position // 2 for partition, position in told.last.items()}
    as_of = ",".join(f"{partition}:{position}" for partition, position in half.items())
    then = told.total(hours.SummarizeHoursRequest(as_of=AsOf(positions=PositionSet(positions=asked(half)))))
    file, presences = tmp_path / "entries.jsonl", tmp_path / "attendances.jsonl"
    told.save("entries", file, "--as-of", as_of)
    assert folded(read(file)) == then
    told.save("attendances", presences, "--as-of", as_of)
    assert summed(read(presences)) == then
    meta = json.loads(file.with_name("entries.jsonl.meta.json").read_text("utf-8"))
    positions = {one["partition"]: one["position"] for one in meta["positions"]}
    assert positions | half == positions
    assert meta["rows"] == len(read(file))
    served = hours.SummarizeHoursRequest(period=Period(start_date="2026-11-21", end_date="2026-11-30"))
    told.save("entries", file, "--period", "2026-11-21..2026-11-30")
    assert folded(read(file)) == told.total(served)
    told.save("attendances", presences, "--period", "2026-11-21..2026-11-30")
    assert summed(read(presences)) == told.total(served)
    assert {row["service_date"] for row in read(presences)} == {"2026-11-21"}
    # By the source's clock only the imported ones were known then.
    told.save("attendances", presences, "--as-of", "2025-11-30T00:00:00Z", "--clock", "source")
    imported = read(presences)
    assert {row["system"] for row in imported} == {"synthetic-older"}
    assert {row["record_id"] for row in imported} == {f"row-{number}" for number in range(0, len(PEOPLE), 2)}
    assert {row["source_time"] for row in imported} == {"2025-11-21T04:40:00Z"}


def test_an_attendance_says_what_an_import_needs(told: Told, tmp_path: Path):
    file = tmp_path / "attendances.csv"
    told.save("attendances", file, "--hours")
    rows = read(file)
    mornings = [row for row in rows if row["shift"] == f"{GARDEN}/shifts/morning" and row["volunteer"] == ANA]
    first, overlapping = sorted(mornings, key=lambda row: str(row["start_time"]))
    assert (first["start_time"], first["end_time"]) == ("2026-11-20T05:00:00Z", "2026-11-20T07:00:00Z")
    assert (first["time_zone"], first["service_date"], first["head_count"]) == ("Asia/Riyadh", "2026-11-20", "1")
    assert (first["verified_seconds"], first["verified_hours"]) == ("7200", "2")
    assert (first["system"], first["record_id"]) == ("synthetic-older", "row-0")
    assert (overlapping["withheld_seconds"], overlapping["reason"], overlapping["system"]) == ("1800", "OVERLAP", "")
    [group] = [row for row in rows if not row["volunteer"]]
    assert str(group["attendance"]).startswith(f"{GARDEN}/shifts/old/groupAttendances/")
    assert (group["service_date"], group["start_time"], group["head_count"]) == ("2023-06-06", "", "6")


def test_persons_organisations_and_arabic_headers(told: Told, tmp_path: Path):
    people = tmp_path / "volunteers.csv"
    told.save("volunteers", people, "--language", "ar")
    text = people.read_text("utf-8-sig")
    assert text.startswith("المتطوع,الاسم الكامل,")
    assert f"'{HOSTILE_NAME},2001-02-03,female" in text
    told.save("volunteers", tmp_path / "volunteers.jsonl", "--language", "ar")
    rows = read(tmp_path / "volunteers.jsonl")
    assert {row["volunteer"] for row in rows} == set(PEOPLE)
    told.save("organizations", tmp_path / "organizations.jsonl")
    organizations = read(tmp_path / "organizations.jsonl")
    assert {(row["organization"], row["state"]) for row in organizations} == {
        (GREEN, "accredited"),
        (OTHER, "accredited"),
    }


def test_statements_of_a_person_and_of_everybody(told: Told, tmp_path: Path):
    file = tmp_path / "statements.jsonl"
    for person in PEOPLE[2:5:2]:
        issued = hours_ledger("statement", "issue", person, address=told.address)
        assert issued.returncode == 0, issued.stderr
    told.save("statements", file, "--of", ANA)
    assert read(file) == []
    told.save("statements", file, "--of", PEOPLE[4])
    [own] = read(file)
    assert (own["kind"], own["state"], own["superseded_time"]) == ("statement", "valid", None)
    told.save("statements", file)
    rows = read(file)
    assert [str(row["statement"]).rsplit("/statements/")[0] for row in rows] == list(PEOPLE[2:5:2])
    assert own in rows


def test_standard_output_and_wrong_usage(told: Told, tmp_path: Path):
    done = told.save("entries", "-", "--format", "csv", "--no-bom", "--positions", told.positions)
    assert done.stdout.startswith("partition,position,")
    assert "rows, at positions" in done.stderr
    for words in (
        ("entries", "-"),
        ("entries", "-", "--format", "xlsx"),
        ("entries", tmp_path / "entries.pdf"),
        ("volunteers", tmp_path / "volunteers.csv", "--as-of", "0:1"),
        ("statements", tmp_path / "statements.csv", "--of", GREEN),
        ("summaries", tmp_path / "summaries.csv", "--of", ANA),
    ):
        assert hours_ledger("save", *words, address=told.address).returncode == 2
    refused = hours_ledger("save", "entries", tmp_path / "e.csv", "--of", "volunteers/nobody", address=told.address)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (1, "NOT_FOUND")
    nowhere = hours_ledger("save", "entries", tmp_path / "no" / "e.csv", address=told.address)
    assert nowhere.returncode == 1
    assert not list(tmp_path.iterdir())


def test_who_may_not_read_gets_nothing_and_who_reads_is_recorded(told: Told, tmp_path: Path):
    for roles, words in (
        ((), ("entries",)),
        ((), ("attendances",)),
        ((Role.AUDITOR,), ("volunteers",)),
        ((Role.EMPLOYER,), ("attendances", "--of", ANA)),
    ):
        token = token_for("volunteers/somebody", roles=roles)
        file = tmp_path / "refused.csv"
        what, *more = words
        refused = hours_ledger("save", what, file, *more, address=told.address, LEDGER_TOKEN=token)
        assert refused.returncode == 1, (roles, words)
        assert "PERMISSION_DENIED" in refused.stderr or "NOT_FOUND" in refused.stderr
        assert not file.exists()
    own = token_for(ANA, roles=())
    told.save("entries", tmp_path / "own.csv", "--of", ANA, LEDGER_TOKEN=own)
    auditor = token_for("staff/reading-auditor", roles=(Role.AUDITOR,))
    told.save("attendances", tmp_path / "a.csv", LEDGER_TOKEN=auditor)
    told.save("entries", tmp_path / "e.csv", LEDGER_TOKEN=auditor)
    told.save("entries", tmp_path / "e.csv", "--of", OTHER, LEDGER_TOKEN=auditor)
    listed = AccessServiceStub(told.channel).ListAccesses(
        access.ListAccessesRequest(parent="volunteers/-", page_size=100), metadata=acting_as(), timeout=20
    )
    looks = [one for one in listed.accesses if one.actor == "staff/reading-auditor"]
    told_of = {name for one in looks if one.method == "DirectoryService/StreamAttendances" for name in one.volunteers}
    assert told_of == set(PEOPLE)
    entries = [one for one in looks if one.method == "HoursService/StreamEntries"]
    assert {name for one in entries for name in one.volunteers} == set(PEOPLE)  # of the organisation
    ranges = {(each.partition, each.first_position) for one in entries for each in one.ranges}
    assert {partition for partition, _ in ranges} == set(told.last)


def test_a_stream_goes_on_where_it_broke_at_the_same_moment(told: Told):
    stub = HoursServiceStub(told.channel)
    whole_stream = list(stub.StreamEntries(bulk.StreamEntriesRequest(positions=asked(told.last)), timeout=20))
    request = bulk.StreamEntriesRequest(positions=asked(told.last), page_token=whole_stream[0].next_page_token)
    rest = list(stub.StreamEntries(request, timeout=20))
    assert [list(page.entry_positions) for page in rest if page.entry_positions] == [
        list(page.entry_positions) for page in whole_stream[1:]
    ]
    assert {str(page.positions) for page in (*rest, *whole_stream)} == {str(whole_stream[0].positions)}
    request.page_token = whole_stream[-1].next_page_token
    [last] = stub.StreamEntries(request, timeout=20)
    assert (list(last.entry_positions), last.next_page_token) == ([], whole_stream[-1].next_page_token)
    other = bulk.StreamEntriesRequest(parent=ANA, page_token=whole_stream[0].next_page_token)
    with pytest.raises(grpc.RpcError, match="page_token does not belong"):
        list(stub.StreamEntries(other, timeout=20))
    presences = DirectoryServiceStub(told.channel)
    [page] = presences.StreamAttendances(bulk.StreamAttendancesRequest(), timeout=20)
    again = bulk.StreamAttendancesRequest(page_token=page.next_page_token)
    [nothing] = presences.StreamAttendances(again, timeout=20)
    assert (list(nothing.attendances), nothing.next_page_token) == ([], page.next_page_token)
