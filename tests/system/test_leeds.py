"""The real history of LEEDS 2023, sent over gRPC to a served ledger and asked for again."""

from __future__ import annotations

import random
import re

import pytest

from ledger.domain.streams import partition_of
from ledger.importing.leeds2023_requests import ORGANIZATION
from ledger.transparency.balances_note import parse_balances_note
from ledger.transparency.entry_chain import Entry
from ledger.transparency.signed_note import parse_note
from ledger.transparency.verify_balance import verify_balance_proof, verify_entries
from tests.independent_audit.real_export import both_agree, generated
from tests.system import impact_of_leeds
from tests.system.acting import acting_as, channel_to
from tests.system.served_ledger import HISTORY, PROJECT, answered, hours_ledger, served_in_a_folder
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.audit_service_pb2 import GetBalanceProofRequest
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.hours_service_pb2 import ListEntriesRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

ASKING = acting_as("staff/auditor")
BEFORE_DELETION = "2023-06-17T23:38:46Z"
AFTER_DELETION = "2023-06-19T23:39:33Z"
INFLATED_OPPORTUNITY = "opportunities/leeds2023-13616"


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def served(request):
    with served_in_a_folder(request.param) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def leeds(served):
    """A served ledger with the whole history: its address, the import's outcome and the positions it reached."""
    outcome = answered(hours_ledger("import", "leeds2023", HISTORY, "--json", address=served.grpc))
    positions = ",".join(f"{at['partition']}:{at['position']}" for at in outcome["positions"])
    return served.grpc, outcome, positions


@pytest.fixture(scope="module")
def leeds_served(served, leeds):
    """The same ledger with its pages, and the positions to ask at."""
    return served, leeds[2]


def report(leeds, *arguments: str):
    address, _, positions = leeds
    return answered(hours_ledger("report", *arguments, "--positions", positions, "--json", address=address))


def rounded(leeds, as_of: str, measure: str) -> int:
    answer = report(leeds, "--as-of", as_of, "--clock", "source", "--measure", measure)
    assert answer["total_hours_rounded"] == sum(group["hours_rounded"] for group in answer["groups"])
    return int(answer["total_hours_rounded"])


def test_everything_is_recorded(leeds):
    _, outcome, _ = leeds
    assert outcome["inserted"] == 1087
    assert outcome["withdrawn"] == 6
    assert outcome["opportunities"] == 173
    assert outcome["shifts"] == 1086
    assert outcome["event_types_changed"] == 13
    assert outcome["already_known"] == 0


def test_79_of_79_published_totals_are_reproduced(leeds):
    address, _, positions = leeds
    done = hours_ledger(
        "report", "--against", HISTORY / "published_totals.csv", "--positions", positions, address=address
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "published totals reproduced: 79 of 79"


@pytest.mark.parametrize("as_of", [(), ("--as-of", BEFORE_DELETION, "--clock", "source")])
def test_the_impact_report_has_the_ledger_s_totals(leeds_served, as_of):
    impact_of_leeds.totals_are_the_ledgers(leeds_served, *as_of)


def test_the_impact_report_follows_what_was_withdrawn(leeds_served):
    impact_of_leeds.inflated_shift_is_withheld(leeds_served)


def test_the_impact_report_leaves_as_every_kind_of_file(leeds_served, tmp_path):
    impact_of_leeds.leaves_as_every_file(leeds_served, tmp_path)
    impact_of_leeds.shown_in_the_terminal(leeds_served)


def test_what_was_published_is_on_the_public_page(leeds_served):
    impact_of_leeds.published_on_the_page(leeds_served)


def test_a_wrong_published_total_is_named(leeds, tmp_path):
    address, _, positions = leeds
    text = (HISTORY / "published_totals.csv").read_text("utf-8")
    wrong = tmp_path / "published_totals.csv"
    wrong.write_text(text.replace("2023-03-16T12:44:08+00:00,3239", "2023-03-16T12:44:08+00:00,3240"), "utf-8")
    done = hours_ledger("report", "--against", wrong, "--positions", positions, address=address)
    assert done.returncode == 1
    assert "2023-03-16T12:44:08+00:00" in done.stdout
    assert done.stdout.splitlines()[-1] == "published totals reproduced: 78 of 79"


def test_the_inflated_shift_is_recorded_but_not_attended_until_it_is_withdrawn(leeds):
    assert rounded(leeds, BEFORE_DELETION, "recorded") == 8913
    assert rounded(leeds, BEFORE_DELETION, "attended") == 7713
    assert rounded(leeds, AFTER_DELETION, "recorded") == 7813
    assert rounded(leeds, AFTER_DELETION, "attended") == 7813


def test_its_publisher_verified_nothing(leeds):
    for as_of in (BEFORE_DELETION, AFTER_DELETION):
        assert rounded(leeds, as_of, "verified") == 0


def test_the_inflated_shift_stays_in_history_with_its_reasons(leeds):
    address, _, positions = leeds
    listed = answered(
        hours_ledger("entries", INFLATED_OPPORTUNITY, "--positions", positions, "--json", address=address)
    )["entries"]
    shift = [entry for entry in listed if entry["shift"].endswith("/shifts/86004")]
    assert shift[0]["to_class"] == "withheld"
    assert shift[0]["reason"] == "DURATION_ABOVE_CAP"
    assert shift[-1]["to_class"] == "reversed"
    assert shift[-1]["reason"] == "PUBLISHER_DELETED"
    assert {entry["source_record_time"] for entry in shift} == {
        "2023-06-08T23:39:01Z",
        "2023-06-13T23:39:35Z",
        "2023-06-16T23:39:39Z",
        AFTER_DELETION,
    }


def test_shift_86004_is_shown_as_something_to_look_at_though_it_was_withdrawn(leeds):
    found = report_anomalies(leeds, "--organization", ORGANIZATION)
    inflated = f"{INFLATED_OPPORTUNITY}/shifts/86004"
    [anomaly] = found["anomalies"]  # of 1,081 shifts, and of all kinds
    assert (anomaly["kind"], anomaly["subjects"]) == ("ANOMALY_KIND_INFLATION", [inflated])
    figures = {one["name"]: int(one["value"]) for one in anomaly["figures"]}
    assert (figures["heads"], figures["seconds_a_head"]) == (6, 200 * 3_600)
    assert anomaly["events"][0]["event_type"] == "group-attendance-recorded"


def report_anomalies(leeds, *arguments: str):
    address, _, positions = leeds
    return answered(
        hours_ledger("report", "anomalies", *arguments, "--positions", positions, "--json", address=address)
    )


def test_the_end_of_the_history_is_exact_to_the_second(leeds):
    answer = report(leeds)
    assert answer["total_hours_rounded"] == 17766
    # 17,766.828 hours in the source; whole seconds of each row differ from it by less than half a second a row.
    assert abs(answer["total_seconds"] - 17766.828 * 3600) < 1081 / 2


@pytest.mark.parametrize("dimension", ["organization", "opportunity", "sector", "month"])
def test_every_dimension_has_the_same_total(leeds, dimension):
    assert report(leeds, "--by", dimension)["total_seconds"] == report(leeds)["total_seconds"]


def test_on_the_ledgers_own_clock_everything_was_learnt_today(leeds):
    answer = report(leeds, "--as-of", BEFORE_DELETION)
    assert answer["total_seconds"] == 0


def test_imported_twice_nothing_changes(leeds):
    address, outcome, _ = leeds
    before = report(leeds)
    again = answered(hours_ledger("import", "leeds2023", HISTORY, "--json", address=address))
    assert again["inserted"] == again["corrected"] == again["withdrawn"] == again["places_changed"] == 0
    assert again["already_known"] == sum(
        count for name, count in outcome.items() if name not in ("already_known", "positions")
    )
    assert again["positions"] == outcome["positions"]
    assert report(leeds)["positions"] == before["positions"]


def test_the_head_counts_of_every_opportunity_are_proven_with_all_their_corrections(leeds, seed):
    """The inflated shift, its deletion and every correction are among the entries, or the proof would not hold."""
    address, _, positions = leeds
    sizes = {int(number): int(size) for number, size in (at.split(":") for at in positions.split(","))}
    names = [group["key"] for group in report(leeds, "--by", "opportunity")["groups"]]
    with channel_to(address) as channel:
        audit, hours = AuditServiceStub(channel), HoursServiceStub(channel)
        for name in (INFLATED_OPPORTUNITY, *random.Random(seed).sample(names, 12)):
            partition = partition_of(name, len(sizes))
            answer = audit.GetBalanceProof(
                GetBalanceProofRequest(name=name, size_min=sizes[partition]), metadata=ASKING, timeout=20
            )
            note = parse_balances_note(parse_note(answer.balances_note).text)
            verdict = verify_balance_proof(answer.proof, name, note)
            cut = AsOf(positions=PositionSet(positions=[Position(partition=partition, position=answer.size)]))
            listed = hours.ListEntries(ListEntriesRequest(parent=name, as_of=cut, page_size=1000), metadata=ASKING)
            assert not listed.next_page_token
            verify_entries(name, [as_chained(entry) for entry in listed.entries], verdict.balance)


def as_chained(entry: pb.Entry) -> Entry:
    """An entry of an answer in the form that the chain binds."""
    return Entry(
        position=entry.position.position,
        entry_index=entry.entry_index,
        from_class=entry.from_class,
        to_class=entry.to_class,
        seconds=entry.seconds,
        service_date=entry.service_date,
        reason=entry.reason,
        attendance=entry.attendance,
        event_leaf_hash=entry.event_leaf_hash,
    )


def test_an_outsider_reads_the_same_from_an_export_and_from_one_that_grew(served, leeds, tmp_path, seed):
    _, outcome, _ = leeds
    both_agree(served, {at["partition"]: at["position"] for at in outcome["positions"]}, tmp_path / "export", seed)
    both_agree(served, generated(served, 30), tmp_path / "export", seed)


def test_an_auditor_types_the_page_and_has_the_same_ledger(served, leeds, server_dir, monkeypatch):
    """docs/export.md, command by command: fetched, audited, and made anew in a folder of its own."""
    monkeypatch.chdir(server_dir)
    ours = {"LEDGER_PARTITIONS": str(served.partitions)}
    keys = hours_ledger("keys", "--verifier", "--data-dir", served.folder, **ours)
    server_dir.joinpath("log.vkeys").write_text(keys.stdout, "utf-8")
    token = hours_ledger("keys", "--auditor-token", "--data-dir", served.folder, **ours).stdout.strip()
    commands = re.findall(
        r"^ *\$ hours-ledger (.+)$", (PROJECT / "docs" / "export.md").read_text("utf-8"), re.MULTILINE
    )
    assert [command.split()[0] for command in commands] == ["export", "audit", "rebuild", "rebuild", "audit"]
    said = []
    for command in commands:
        typed = command.replace("http://127.0.0.1:8080", f"http://{served.http}").split()
        done = hours_ledger(*typed, LEDGER_AUDITOR_TOKEN=token, **ours)
        assert done.returncode == 0, (command, done)
        said.append(done.stdout.splitlines())
    assert said[1][-1] == said[4][-1] == "findings: 0"
    again = hours_ledger("rebuild", "--data-dir", served.folder, **ours).stdout.splitlines()
    assert again[-1] == "equal hashes"
    [copied] = [line for line in said[3] if line.startswith("after: ")]
    assert copied == again[1]
