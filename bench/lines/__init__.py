"""The lines of the table, one file a question."""

from __future__ import annotations

from bench.lines import (
    access,
    audit_export,
    balances,
    check_in,
    cost_at_scale,
    map_update,
    projection,
    proofs,
    record_attendances,
    relay,
    replay,
    requirements,
    statements,
    summaries,
    tree_append,
    with_checkpoints,
)
from bench.pairing import Line

LINES: tuple[Line, ...] = (
    check_in.LINE,
    record_attendances.LINE,
    relay.LINE,
    projection.ONE_PROCESS,
    projection.TWO_PROCESSES,
    balances.GET_BALANCE,
    balances.BATCH_GET_BALANCES,
    access.LINE,
    requirements.CHECK_REQUIREMENT,
    requirements.BATCH_CHECK_REQUIREMENTS,
    summaries.SUMMARIZE_HOURS,
    summaries.SUMMARIZE_HOURS_AS_OF,
    replay.REPLAY_EVENTS,
    replay.REPLAY_MEMORY,
    audit_export.AUDIT_EXPORT,
    audit_export.AUDIT_EXPORT_MEMORY,
    cost_at_scale.COMMAND_COST,
    cost_at_scale.BALANCE_COST,
    tree_append.LINE,
    proofs.PROOFS_OVER_GRPC,
    proofs.PROOF_GROWTH,
    with_checkpoints.LINE,
    statements.ISSUE_STATEMENT,
    statements.CONFIRM_STATEMENT,
    map_update.MAP_UPDATE,
    map_update.MAP_UPDATE_WITH_EVENTS,
    map_update.BALANCE_PROOF_BYTES,
)
