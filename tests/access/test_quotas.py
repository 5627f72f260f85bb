"""How much a client may ask of a process, counted by a clock that the tests turn."""

from __future__ import annotations

import pytest
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from ledger.access import quotas as module
from ledger.access.quotas import BURST_SECONDS, CLIENTS_MAX, STREAM_RETRY_SECONDS, QuotaLimits, Quotas
from ledger.domain.refusals import Reason, Refusal
from ledger.grpc.status import status_of

LIMITS = QuotaLimits(calls_per_second=10, bytes_per_second=1_000, streams=2)
NO_LIMITS = QuotaLimits(calls_per_second=0, bytes_per_second=0, streams=0)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> int:
        return round(self.seconds * 1_000_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused_seconds(quotas: Quotas, client: str, body_bytes: int = 0) -> float:
    """How long the client is told to wait."""
    with pytest.raises(Refusal) as refused:
        quotas.admit(client, body_bytes)
    assert refused.value.reason is Reason.QUOTA_EXCEEDED
    return float(refused.value.details["retry_after_seconds"])


def test_a_silent_client_may_ask_for_a_burst_and_then_only_at_its_rate(clock):
    quotas = Quotas(LIMITS, clock)
    for _ in range(int(LIMITS.calls_per_second * BURST_SECONDS)):
        quotas.admit("ministry", 0)
    assert refused_seconds(quotas, "ministry") == pytest.approx(0.1)
    clock.seconds += 0.1
    quotas.admit("ministry", 0)
    assert refused_seconds(quotas, "ministry") == pytest.approx(0.1)


def test_who_waits_as_long_as_they_were_told_is_let_in(clock):
    quotas = Quotas(QuotaLimits(calls_per_second=7, bytes_per_second=333, streams=0), clock)
    for _ in range(200):
        try:
            quotas.admit("ministry", 100)
        except Refusal as refused:
            clock.seconds += float(refused.details["retry_after_seconds"])
            quotas.admit("ministry", 100)


def test_a_client_that_asks_too_much_costs_the_others_nothing(clock):
    quotas = Quotas(LIMITS, clock)
    for _ in range(20):
        quotas.admit("greedy", 0)
    refused_seconds(quotas, "greedy")
    quotas.admit("modest", 0)


def test_what_was_refused_is_not_counted(clock):
    quotas = Quotas(LIMITS, clock)
    quotas.admit("ministry", 2_000)
    for _ in range(100):
        refused_seconds(quotas, "ministry", 1)
    clock.seconds += 0.5
    quotas.admit("ministry", 500)


def test_bytes_are_counted_too_and_a_message_larger_than_the_burst_is_paid_off_afterwards(clock):
    quotas = Quotas(LIMITS, clock)
    quotas.admit("ministry", 5_000)
    assert refused_seconds(quotas, "ministry", 1) == pytest.approx(3.001)
    clock.seconds += 3.001
    quotas.admit("ministry", 1)


def test_messages_of_a_stream_count_as_calls_do(clock):
    quotas = Quotas(LIMITS, clock)
    for _ in range(20):
        quotas.message("ministry", 1)
    with pytest.raises(Refusal):
        quotas.message("ministry", 1)
    refused_seconds(quotas, "ministry")


def test_streams_are_counted_while_they_are_open(clock):
    quotas = Quotas(LIMITS, clock)
    with quotas.stream("ministry"), quotas.stream("ministry"):
        with pytest.raises(Refusal) as refused, quotas.stream("ministry"):
            pass
        assert float(refused.value.details["retry_after_seconds"]) == STREAM_RETRY_SECONDS
        with quotas.stream("another"):
            pass
    with quotas.stream("ministry"):
        pass


def test_a_stream_that_ends_by_an_error_is_given_back(clock):
    quotas = Quotas(LIMITS, clock)
    for _ in range(10):
        with pytest.raises(ValueError, match="lost"), quotas.stream("ministry"):
            raise ValueError("lost")


def test_nought_is_no_limit(clock):
    quotas = Quotas(NO_LIMITS, clock)
    for _ in range(1_000):
        quotas.admit("ministry", 1_000_000_000)
    with quotas.stream("ministry"), quotas.stream("ministry"), quotas.stream("ministry"):
        pass


def test_any_number_of_clients_is_remembered_in_bounded_room(clock):
    quotas = Quotas(LIMITS, clock)
    for number in range(CLIENTS_MAX + 100):
        quotas.admit(f"client-{number}", 1)
        clock.seconds += 0.001
    assert len(quotas._accounts) <= CLIENTS_MAX + 1


def test_whoever_has_an_account_keeps_it_when_there_is_no_room(clock, monkeypatch):
    monkeypatch.setattr(module, "CLIENTS_MAX", 3)
    quotas = Quotas(LIMITS, clock)
    with quotas.stream("a"), quotas.stream("b"), quotas.stream("c"):
        for number in range(20):
            quotas.admit(f"stranger-{number}", 0)
        refused_seconds(quotas, "stranger-20")
        quotas.admit("a", 0)
    clock.seconds += 60
    quotas.admit("stranger-21", 0)
    assert set(quotas._accounts) == {"stranger-21"}, "who has used nothing lately is forgotten"


def test_the_caller_is_told_when_to_come_back():
    quotas = Quotas(LIMITS, lambda: 0)
    for _ in range(20):
        quotas.admit("ministry", 0)
    with pytest.raises(Refusal) as refused:
        quotas.admit("ministry", 0)
    retry, info = error_details_pb2.RetryInfo(), error_details_pb2.ErrorInfo()
    status = status_of(refused.value)
    assert any(detail.Unpack(retry) for detail in status.details)
    assert any(detail.Unpack(info) for detail in status.details)
    assert retry.retry_delay.ToMilliseconds() == 100
    assert (info.reason, info.metadata["quota"], info.metadata["limit"]) == ("QUOTA_EXCEEDED", "calls per second", "10")


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3_000)), max_size=60))
def test_whatever_a_client_does_it_gets_its_rate_and_one_burst(steps):
    clock = Clock()
    quotas = Quotas(LIMITS, clock)
    start, calls, received = clock.seconds, 0, 0
    for pause_seconds, body_bytes in steps:
        clock.seconds += pause_seconds
        try:
            quotas.admit("ministry", body_bytes)
        except Refusal:
            continue
        calls, received = calls + 1, received + body_bytes
        seconds = clock.seconds - start + BURST_SECONDS
        assert calls <= LIMITS.calls_per_second * seconds + 1e-6
        assert received - max(0, body_bytes - 2_000) <= LIMITS.bytes_per_second * seconds + 1e-6
