"""`audit`: walks the whole ledger and names every difference between store, log, topic and projections.

The events are the truth, their stored bytes are what is hashed. Everything else is folded from them again, by code that
imports nothing from `ledger.projections`, and compared. The events are read twice, in order of position and stream by
stream; memory does not grow with the ledger. What each check looks at: `docs/audit.md`.
"""

from __future__ import annotations

from typing import Final

from ledger.access.identity_keys import SECRET_BYTES_MIN, IdentityKeys
from ledger.access.master_keys import master_keys
from ledger.auditing import (
    balance_maps,
    closed_periods,
    constraint_rows,
    deliveries,
    directory,
    log_tree,
    participation_history,
    projects,
    search,
    statements,
    sums,
)
from ledger.auditing.applied_hashes import AppliedHashCheck
from ledger.auditing.attendances import AttendanceCheck
from ledger.auditing.envelopes import EnvelopeCheck, check_counters
from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import StreamCheck, folded_streams
from ledger.auditing.identities import IdentityCheck, IdentityOpener
from ledger.auditing.journal_lines import JournalCheck
from ledger.auditing.live_sessions import ConnectionsCheck
from ledger.auditing.milestones_counted import MilestoneCheck
from ledger.auditing.progress import Progress
from ledger.auditing.recognition import HonoursCheck
from ledger.auditing.request_keys import RequestKeyCheck, check_no_stranger
from ledger.auditing.signed_heads import LogTrust, SignedHeads
from ledger.auditing.snapshots import Applied, Snapshots, taken
from ledger.auditing.standings import StandingCheck
from ledger.auditing.stored_page import PositionCheck, pages
from ledger.auditing.telling import tell
from ledger.auditing.topic import TopicCheck
from ledger.auditing.training import CompletionsCheck
from ledger.record_seal import RecordSeal
from ledger.settings import Settings, WrongSetting
from ledger.topic_records import records
from ledger.transparency.log_balances import LogPartition

_NOTED: Final = (
    ("quarantine", "records of the topic are in quarantine: they were applied to nothing"),
    ("alarms", "alarms were raised by consumers; they stay until a person has looked"),
)


def run(settings: Settings, *, as_json: bool = False, settled: bool = False, trust: LogTrust | None = None) -> int:
    """Audit, print what was found, and give the exit code: 0 clean, 1 findings.

    `settled`: nothing is being written, so a topic or projection that lags is a finding and not only a note.
    `trust`: the logs' verifier keys, and checkpoints that were kept from earlier.

    Raises:
        WrongSetting: there is no ledger to audit, or a key is missing.
        psycopg.Error, KafkaError, TimeoutError: a place could not be read to its end.
    """
    with Progress() as progress:
        report = audit(settings, settled=settled, progress=progress, trust=trust)
    return tell(report, as_json=as_json)


def audit(
    settings: Settings, *, settled: bool = False, progress: Progress | None = None, trust: LogTrust | None = None
) -> Report:
    """Everything that was found. Raises as `run` does."""
    report = Report()
    trust = trust or LogTrust.of(settings)
    with taken(settings) as moment:
        if not moment.partitions:
            raise WrongSetting("LEDGER_DATABASE holds no ledger yet; run `hours-ledger migrate` first")
        watched = progress or Progress()
        _walk_positions(moment, report, trust, watched)
        _walk_streams(settings, moment, report, watched)
        _walk_topic(settings, moment, report, settled, watched)
        _end_of_projections(moment, report, settled)
    return report


def _walk_positions(moment: Snapshots, report: Report, trust: LogTrust, progress: Progress) -> None:
    requests = 0
    closed = closed_periods.ClosedPeriodCheck(moment, report)
    delivered = deliveries.DeliveredCheck(moment, report)
    check_counters(moment, report)
    if not trust.policies:
        report.note("log: no verifier keys are at hand, so signatures were not checked")
    for partition, head in sorted(moment.heads.items()):
        keys = RequestKeyCheck(moment.store, partition, report)
        checks: list[PositionCheck] = [
            EnvelopeCheck(moment.store, moment.ledger_id, moment.partitions, partition, head, report),
            keys,
            closed.of_partition(partition),
            delivered.of_partition(partition),
            log_tree.LogTreeCheck(moment.store, partition, SignedHeads(moment.store, partition, trust, report), report),
            balance_maps.BalanceMapCheck(
                moment.store,
                LogPartition(partition, moment.partitions),
                head[0],
                trust.policies.get(trust.origin(partition)),
                report,
            ),
        ]
        if moment.read is not None:
            applied = moment.applied.get(partition, Applied(0, None))
            checks.append(AppliedHashCheck(moment.read, partition, applied, report))
            checks.append(JournalCheck(moment.read, partition, applied.position, report))
        step = progress.step(f"partition {partition} by position", head[0])
        for page in pages(moment.store, partition, head[0]):
            for check in checks:
                check.page(page)
            step(len(page.events))
        for check in checks:
            check.end()
        requests += keys.requests
        report.note(f"store, partition {partition}: positions 1..{head[0]}")
    closed.end()
    delivered.end()
    check_no_stranger(moment.store, requests, report)
    log_tree.check_no_stranger(moment.store, moment.partitions, report)
    balance_maps.check_no_stranger(moment.store, moment.partitions, report)


def _walk_streams(settings: Settings, moment: Snapshots, report: Report, progress: Progress) -> None:
    checks: list[StreamCheck] = [
        constraint_rows.PresenceCheck(moment.store, report),
        constraint_rows.WaitingCheck(moment.store, report),
        constraint_rows.HeadsCheck(moment.store, report),
        IdentityCheck(moment.store, _identity_opener(settings, moment), report),
    ]
    if moment.read is not None:
        checks += directory.checks(moment, report)
        checks.append(directory.OpportunityVersionCheck(moment, report))
        checks.append(directory.VolunteerLinkCheck(moment, report))
        checks += participation_history.checks(moment, report)
        checks.append(AttendanceCheck(moment, moment.read, report))
        checks.append(ConnectionsCheck(moment, moment.read, report))
        checks.append(projects.ProjectVersionCheck(moment, moment.read, report))
        checks.append(projects.DonationMovementCheck(moment, moment.read, report))
        checks.append(deliveries.DeliveryRowsCheck(moment, moment.read, report))
        checks.append(CompletionsCheck(moment, moment.read, report))
        checks.append(HonoursCheck(moment, moment.read, report))
    checks.append(StandingCheck(report))
    checks.append(MilestoneCheck(report))
    step = progress.step("stream by stream", sum(head[0] for head in moment.heads.values()))
    for streams in folded_streams(moment.store, report):
        for check in checks:
            check.streams(streams)
        step(sum(len(stream.steps) for stream in streams))
    for check in checks:
        check.end()
    constraint_rows.check_places(moment.store, report)


def _identity_opener(settings: Settings, moment: Snapshots) -> IdentityOpener | None:
    secret = settings.identity_key.get_secret_value().encode()
    if moment.keys is None or len(secret) < SECRET_BYTES_MIN:
        return None
    wrapping = master_keys(settings)
    return IdentityOpener(moment.keys, wrapping, IdentityKeys(secret, verify_check_digit=False), moment.ledger_id)


def _walk_topic(settings: Settings, moment: Snapshots, report: Report, settled: bool, progress: Progress) -> None:
    if not settings.kafka:
        report.note("topic: LEDGER_KAFKA is not set, so none was looked at")
        return
    seal = RecordSeal.of(settings)
    for partition, end in sorted(moment.topic_ends.items()):
        head = moment.heads[partition][0] if partition in moment.heads else 0
        check = TopicCheck(moment.store, partition, head, seal, report)
        step = progress.step(f"partition {partition} of the topic", end.next_offset - end.first_offset)
        if end.first_offset:
            where = Where("topic", partition, 1)
            report.differs(where, "first offset", "0: nothing was ever deleted", end.first_offset)
        for some in records(settings, partition, end):
            check.records(some)
            step(len(some))
        check.end()
        _lag("topic", partition, head, check.reached, settled, report)


def _end_of_projections(moment: Snapshots, report: Report, settled: bool) -> None:
    read = moment.read
    if read is None:
        report.note("projections: LEDGER_READ_DATABASE is not set, so none were looked at")
        return
    sums.check(read, moment.partitions, report)
    directory.check_places_taken(read, report)
    statements.check_stated(read, report)
    search.check(read, report)
    projects.check_money(read, report)
    for partition, head in sorted(moment.heads.items()):
        _lag("projection positions", partition, head[0], moment.prefix(partition), settled, report)
    for partition in sorted(moment.applied.keys() - moment.heads.keys()):
        report.differs(Where("projection positions", partition), "partition", f"below {moment.partitions}", partition)
    for table, meaning in _NOTED:
        row = read.execute(f"select count(*) from {table}".encode()).fetchone()
        if row is not None and row[0]:
            report.note(f"projections: {row[0]} {meaning}")


def _lag(place: str, partition: int, head: int, reached: int, settled: bool, report: Report) -> None:
    if reached > head:
        where = Where(place, partition, head + 1)
        report.differs(where, "position", f"at most {head}, where the store ends", reached)
    elif reached < head and settled:
        report.differs(Where(place, partition, reached + 1), "position", head, reached)
    else:
        behind = f", {head - reached} behind the store" if reached < head else ""
        report.note(f"{place}, partition {partition}: positions 1..{reached}{behind}")
