"""Provable balances on real servers: what the keeper maps is what strangers compute, and what is served proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import grpc
import psycopg
import pytest

from ledger.commands.keys import verifier_lines
from ledger.domain.streams import partition_of
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping.balance_map_store import MapWriting
from ledger.log_keeping.balances_lane import BalancesLane
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import BalanceMapBroken, ForkRefused, SignerMemoryWrong
from ledger.settings import Settings
from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_map import MemoryNodeStore, updated
from ledger.transparency.entry_chain import Entry
from ledger.transparency.event_entries import entries_of_event
from ledger.transparency.failures import StepFailed
from ledger.transparency.holder_key import account_key
from ledger.transparency.known_pages import KnownPages
from ledger.transparency.map_hash import EMPTY
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify_balance import verify_balance_proof, verify_entries
from ledger.transparency.verify_balances_note import verify_balances_note
from tests.system.acting import channel_to
from tests.system.kept_log import keep_once
from tests.system.served_log import ServedLog, served_log
from tests.system.stored_history import store_attendances
from tests.system.superuser import changed, removed
from tests.system.test_log_audit import log_findings
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

EVENTS = 700


@pytest.fixture(scope="module")
def log(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    """Two partitions, kept by the real keeper in two runs, and served."""
    with served_log(postgres, tmp_path_factory.mktemp("maps"), EVENTS) as served:
        keep_once(served.settings)
        store_attendances(served.settings, EVENTS, persons=60)
        store_attendances(served.settings, 40, partition=1)
        keep_once(served.settings)
        yield served


@pytest.fixture(scope="module")
def audit(log: ServedLog) -> Iterator[AuditServiceStub]:
    with channel_to(log.grpc) as channel:
        yield AuditServiceStub(channel)


def entries_of(settings: Settings) -> dict[str, list[Entry]]:
    """What a stranger reads out of the stored bytes, by holder."""
    with psycopg.connect(settings.owner_database) as owner:
        rows = owner.execute("select body from events order by partition, position").fetchall()
    found: dict[str, list[Entry]] = {}
    for (body,) in rows:
        event = entries_of_event(bytes(body))
        if event.entries:
            found.setdefault(event.holder, []).extend(event.entries)
    return found


def proven(audit: AuditServiceStub, log: ServedLog, holder: str) -> AccountBalance:
    """The balance that the served bytes prove, checked as a stranger checks it."""
    answer = audit.GetBalanceProof(pb.GetBalanceProofRequest(name=holder))
    policy = read_policy(verifier_lines(log.settings, answer.partition))
    note = verify_balances_note(answer.balances_note, policy).note
    verdict = verify_balance_proof(answer.proof, holder, note)
    assert (answer.size, answer.entry_count) == (note.size, verdict.balance.entry_count)
    assert answer.entries_head == verdict.balance.head
    assert answer.seconds.attended_seconds == verdict.balance.attended_seconds
    return verdict.balance


def proven_or_internal(audit: AuditServiceStub, log: ServedLog, holder: str) -> AccountBalance | None:
    """None: the service says that it is broken inside, which is the only other answer."""
    try:
        return proven(audit, log, holder)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.INTERNAL:
            raise
        return None


def test_every_holder_is_proven_with_all_entries_and_strangers_with_none(log, audit):
    for holder, entries in entries_of(log.settings).items():
        balance = proven(audit, log, holder)
        verify_entries(holder, entries, balance)
        assert balance.entry_count == len(entries)
    for stranger in ("volunteers/nobody", "opportunities/nothing"):
        assert proven(audit, log, stranger) == AccountBalance.without_entries(account_key(stranger))


def test_hiding_one_entry_breaks_the_proof(log, audit):
    holder, entries = next(iter(entries_of(log.settings).items()))
    balance = proven(audit, log, holder)
    for hidden in range(len(entries)):
        with pytest.raises(StepFailed, match="step 2"):
            verify_entries(holder, [*entries[:hidden], *entries[hidden + 1 :]], balance)


def test_the_served_note_is_the_map_a_stranger_makes(log):
    roots = [EMPTY, EMPTY]
    stores = [MemoryNodeStore(), MemoryNodeStore()]
    for holder, entries in entries_of(log.settings).items():
        partition = partition_of(holder, 2)
        key = account_key(holder)
        value = AccountBalance.without_entries(key).after(entries).value()
        update = updated(stores[partition], roots[partition], {key: value})
        stores[partition].write(update.pages)
        roots[partition] = update.root
    for partition, root in enumerate(roots):
        policy = read_policy(verifier_lines(log.settings, partition))
        note = verify_balances_note(log.good(f"/log/{partition}/balances"), policy).note
        assert (note.map_root, note.partition, note.partitions) == (root, partition, 2)
        checkpoint = log.good(f"/log/{partition}/checkpoint/{note.size}")
        assert checkpoint.startswith(f"{note.log_origin}\n{note.size}\n".encode())
        assert log.get(f"/log/{partition}/checkpoint/{note.size + 1}").status == 404


def test_a_size_that_is_not_mapped_yet_is_waited_for_and_then_refused(log, audit):
    with pytest.raises(grpc.RpcError) as refused:
        audit.GetBalanceProof(pb.GetBalanceProofRequest(name="volunteers/nobody", size_min=10**9), timeout=1)
    assert refused.value.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.DEADLINE_EXCEEDED)
    with pytest.raises(grpc.RpcError) as wrong:
        audit.GetBalanceProof(pb.GetBalanceProofRequest(name="organizations/green"))
    assert wrong.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_metrics_tell_how_far_balances_are_signed(log):
    told = log.good("/metrics").decode()
    for partition in (0, 1):
        size = log.good(f"/log/{partition}/balances").split(b"\n")[1].decode()
        assert f'ledger_balances_size{{partition="{partition}"}} {float(size)}\n' in told


def test_the_audit_finds_the_maps_clean(log):
    assert log_findings(log.settings) == []


@pytest.mark.parametrize(
    ("table", "column", "value", "place"),
    [
        ("map_pages", "page", "set_byte(page, 40, 255 - get_byte(page, 40))", "map pages"),
        ("map_balances", "balance", "set_byte(balance, 15, 255 - get_byte(balance, 15))", "map balances"),
        ("map_roots", "root", "set_byte(root, 9, 255 - get_byte(root, 9))", "map roots"),
        ("log_balances", "note", "set_byte(note, 50, 255 - get_byte(note, 50))", "log balances"),
    ],
)
def test_a_byte_of_the_map_is_named_and_nothing_is_signed_over_it(log, table, column, value, place):
    with changed(log.settings.owner_database, table, column, value):
        findings = [one for one in log_findings(log.settings) if one.where.place == place]
        assert findings
    assert log_findings(log.settings) == []


@pytest.mark.parametrize("table", ["map_pages", "map_balances"])
def test_a_missing_row_of_the_map_is_named_and_never_a_wrong_proof(log, audit, table):
    with removed(log.settings.owner_database, table):
        assert [one for one in log_findings(log.settings) if one.found == "missing"]
        for holder, entries in entries_of(log.settings).items():
            answer = proven_or_internal(audit, log, holder)
            if answer is not None:
                verify_entries(holder, entries, answer)


# --- the keeper


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (MapWriting, "balances"),
        (MapWriting, "pages"),
        (SignerMemory, "remember_mapped"),
        (SignerMemory, "sign_balances"),
        (MapWriting, "state"),
        (KnownPages, "remember"),  # right behind the commit
    ],
)
def test_a_keeper_that_ends_at_any_step_goes_on_to_the_same_map(
    log: ServedLog, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
):
    class Ended(BaseException):
        pass

    whole = getattr(owner, step)

    def ends(*given: object, **named: object) -> object:
        whole(*given, **named)
        raise Ended

    store_attendances(log.settings, 30)
    monkeypatch.setattr(owner, step, ends)
    with pytest.raises(Ended):
        keep_once(log.settings)
    monkeypatch.undo()
    keep_once(log.settings)
    assert log_findings(log.settings) == []


def test_a_map_whose_rows_were_emptied_is_made_anew(log: ServedLog) -> None:
    as_owner(
        log.settings, [f"delete from {name}" for name in ("map_pages", "map_balances", "map_roots", "log_balances")]
    )
    keep_once(log.settings)
    assert log_findings(log.settings) == []


def test_a_map_made_anew_in_many_steps_comes_by_the_same_root(log: ServedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    before = log.good("/log/0/balances").split(b"\n\n")[0]
    as_owner(
        log.settings, [f"delete from {name}" for name in ("map_pages", "map_balances", "map_roots", "log_balances")]
    )
    monkeypatch.setattr("ledger.log_keeping.balances_lane.READ_EVENTS", 100)
    monkeypatch.setattr("ledger.log_keeping.balances_lane.CHANGED_ACCOUNTS_MAX", 30)
    keep_once(log.settings)
    assert log.good("/log/0/balances").split(b"\n\n")[0] == before
    assert log_findings(log.settings) == []


def test_rows_emptied_under_a_running_keeper_stop_it(log: ServedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that it holds it does not read; that they are gone it must see all the same."""
    whole = KnownPages.remember

    def emptied(known: KnownPages, pages: Mapping[str, bytes], hashes: Mapping[str, bytes]) -> None:
        whole(known, pages, hashes)
        as_owner(log.settings, [f"delete from {name}" for name in ("map_pages", "map_balances", "map_roots")])

    monkeypatch.setattr(KnownPages, "remember", emptied)
    monkeypatch.setattr("ledger.log_keeping.balances_lane.READ_EVENTS", 20)
    monkeypatch.setattr("ledger.log_keeping.balances_lane.CHANGED_ACCOUNTS_MAX", 5)
    store_attendances(log.settings, 100)
    with pytest.raises(BalanceMapBroken, match="the rows say"):
        keep_once(log.settings)
    monkeypatch.undo()
    as_owner(log.settings, ["delete from log_balances"])
    keep_once(log.settings)
    assert log_findings(log.settings) == []


@pytest.mark.parametrize(
    ("statement", "kind", "says"),
    [
        ("update map_pages set page = set_byte(page, 40, 255 - get_byte(page, 40))", BalanceMapBroken, "map page"),
        ("update map_roots set size = size + 1", BalanceMapBroken, "beyond what this signer mapped"),
        (
            "update map_roots set root = set_byte(root, 9, 255 - get_byte(root, 9))",
            BalanceMapBroken,
            "was mapped, the rows say",
        ),
        (
            "update map_balances set balance = set_byte(balance, 15, 255 - get_byte(balance, 15))",
            BalanceMapBroken,
            "is not the one in the map",
        ),
    ],
)
def test_rows_that_somebody_changed_stop_the_keeper(log, statement, kind, says):
    """The whole partition's rows, so that the next step must meet one; taken back by emptying them."""
    as_owner(log.settings, [statement])
    store_attendances(log.settings, 60)
    for _ in range(2):
        with pytest.raises(kind, match=says):
            keep_once(log.settings)
    as_owner(
        log.settings, [f"delete from {name}" for name in ("map_pages", "map_balances", "map_roots", "log_balances")]
    )
    keep_once(log.settings)
    assert log_findings(log.settings) == []


def test_an_event_changed_between_checkpoint_and_map_changes_no_balance(log, monkeypatch):
    """Somebody doubles an hour after its checkpoint is signed and before its balance is mapped."""
    monkeypatch.setattr(BalancesLane, "keep_up", lambda *_: False)
    monkeypatch.setattr(BalancesLane, "told", property(lambda lane: lane._memory.last(lane._log.partition).head.size))
    store_attendances(log.settings, 5)
    keep_once(log.settings)
    monkeypatch.undo()
    with psycopg.connect(log.settings.owner_database, autocommit=True) as owner:
        row = owner.execute("select position, body from events where partition = 0 order by position desc").fetchone()
        assert row is not None
        forged = bytes(row[1]).replace(b'"seconds":3600', b'"seconds":7200')
        owner.execute("update events set body = %s where partition = 0 and position = %s", [forged, row[0]])
        with pytest.raises(Exception, match="hash to"):
            keep_once(log.settings)
        owner.execute("update events set body = %s where partition = 0 and position = %s", [row[1], row[0]])
    keep_once(log.settings)
    assert log_findings(log.settings) == []


def test_the_signer_signs_no_second_map_of_a_size(log: ServedLog) -> None:
    folder = Path(log.settings.signer_folder)
    memory = SignerMemory(folder, [f"{log.settings.log_origin}/{number}" for number in range(2)])
    memory.open(published=True)
    try:
        mapped = memory.mapped(0)
        assert mapped is not None
        with pytest.raises(ForkRefused):
            memory.remember_mapped(0, mapped, type(mapped)(mapped.size, bytes(32)))
        with pytest.raises(ForkRefused):
            memory.remember_mapped(0, mapped, type(mapped)(mapped.size - 1, mapped.root))
        with pytest.raises(SignerMemoryWrong):
            memory.remember_mapped(0, None, type(mapped)(mapped.size + 1, mapped.root))
    finally:
        memory.close()


def as_owner(settings: Settings, statements: Sequence[str]) -> None:
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        for statement in statements:
            owner.execute(statement.encode())
