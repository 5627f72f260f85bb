"""A stream that breaks is taken up again behind its last page, a few times; what cannot be cured is told at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from ledger.commands import saved_answers
from ledger.commands.connection import Caller, CommandFailed
from ledger.commands.saved_answers import Told
from ledger.commands.saved_files import Format, Wanted, write
from ledger.saving import tables
from ledger.saving.columns import Basis
from volunteer_hours.v1.positions_pb2 import Position

CALLER = Caller("127.0.0.1:1", "staff/synthetic")


@dataclass(frozen=True)
class Page:
    """Tells only where the next one begins."""

    next_page_token: str
    positions: tuple[Position, ...] = ()


class Broken(grpc.RpcError, grpc.Call):
    """How grpc ends a stream."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "synthetic"

    def initial_metadata(self):
        return ()

    def trailing_metadata(self):
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float:
        return 0.0

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback) -> bool:
        return False


class Service:
    """Pages 1 to 6; ends each stream after `pages_each` of them, and counts."""

    def __init__(self, pages_each: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        self._pages_each = pages_each
        self._code = code
        self.asked: list[str] = []

    def __call__(self, token: str) -> Iterator[Page]:
        self.asked.append(token)
        first = int(token or 0) + 1
        for number in range(first, 7):
            if number == first + self._pages_each:
                raise Broken(self._code)
            yield Page(str(number))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.commands.saved_answers.time.sleep", lambda seconds: None)


def pages(service: Service) -> list[str]:
    return [page.next_page_token for page in saved_answers._resumed(service, CALLER)]


def test_it_goes_on_behind_the_last_page():
    service = Service(2)
    assert pages(service) == ["1", "2", "3", "4", "5", "6"]
    assert service.asked == ["", "2", "4"]


def test_it_gives_up_where_nothing_comes_any_more():
    service = Service(0)
    with pytest.raises(CommandFailed):
        pages(service)
    assert service.asked == [""] * saved_answers.TRIES_MAX


def test_what_is_refused_is_not_asked_again():
    service = Service(2, grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(CommandFailed):
        pages(service)
    assert service.asked == [""]


def test_without_pyarrow_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "ledger.saving.parquet_file", raising=False)
    wanted = Wanted(tmp_path / "t.parquet", Format.PARQUET, tables.ENTRIES, {}, arabic=False, hours=False, bom=True)
    with pytest.raises(CommandFailed, match=r"pip install 'volunteer-hours-ledger\[parquet\]'"):
        write(wanted, Told(Basis([], None), iter([])))
    assert not list(tmp_path.iterdir())
