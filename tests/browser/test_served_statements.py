"""An employer's browser before a served ledger: a link shared, corrected, revoked, erased. Persons are synthetic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.reader import Reader, reader
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import with_id
from tests.system.served_ledger import served_in_a_folder
from tests.system.small_programme import ANA
from tests.system.statement_programme import FULL_NAME, Statements
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub

TOLD_SECONDS_MAX = 10.0
SHOWN = [pb.STATEMENT_DETAIL_NAME, pb.STATEMENT_DETAIL_ORGANIZATIONS, pb.STATEMENT_DETAIL_ROLES]
ALL_HOLD = dict.fromkeys(("form", "signature", "disclosures", "log", "complete", "status"), "holds")


@dataclass
class Shared:
    """A statement, a link to it, and a browser that reads it."""

    ana: Statements
    somebody: Reader
    statement: pb.Statement
    link: pb.StatementShare

    @property
    def path(self) -> str:
        return f"/s/{self.link.code}?lang=en#{self.statement.credential_digest.hex()}"

    def wait_for(self, state: str) -> float:
        """Seconds until the page tells it."""
        began = time.monotonic()
        while self.somebody.read(self.path) != state:
            assert time.monotonic() - began < TOLD_SECONDS_MAX, self.somebody.text()
            time.sleep(0.2)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Shared]:
    with served_in_a_folder(1) as served, channel_to(served.grpc) as channel:
        ana = Statements(channel)
        ana.begin()
        statement = ana.issue("shared", details=SHOWN)
        link = ana.share(statement.name)
        ana.wait_for_share(statement.name)
        with reader(browser, f"http://{served.http}") as somebody:
            yield Shared(ana, somebody, statement, link)


def test_every_step_holds_in_the_browser(shared: Shared):
    shared.wait_for("valid")
    began = time.monotonic()
    while shared.somebody.steps().get("log") != "holds":  # the checkpoint behind the statement is signed in seconds
        assert time.monotonic() - began < TOLD_SECONDS_MAX, shared.somebody.steps()
        shared.somebody.read(shared.path)
    assert shared.somebody.steps().items() >= ALL_HOLD.items()
    told = shared.somebody.text()
    assert told.index("ش. P.") < told.index("3 hours")
    assert FULL_NAME in told
    assert shared.somebody.asked_elsewhere() == []
    assert shared.somebody.complaints == []


def test_the_person_sees_who_opened_it_and_a_reload_is_no_second_view(shared: Shared):
    [listed] = shared.ana.shares(shared.statement.name)
    assert listed.views == 1
    stub = AccessServiceStub(shared.ana._channel)
    request = access.ListAccessesRequest(parent=ANA)
    began = time.monotonic()
    while not (seen := opened_by(stub.ListAccesses(request, metadata=acting_as(ANA), timeout=20), shared.link.name)):
        assert time.monotonic() - began < TOLD_SECONDS_MAX
        time.sleep(0.1)
    assert {(one.client, one.method) for one in seen} == {("statement-page", "StatementPage/Open")}


def opened_by(listed: access.ListAccessesResponse, share: str) -> list[access.Access]:
    return [one for one in listed.accesses if one.actor == share]


def test_a_pdf_that_was_dropped_is_read_in_the_browser_and_never_sent(shared: Shared, tmp_path: Path):
    request = pb.GetStatementDocumentRequest(
        name=shared.statement.name, share=shared.link.name, positions=shared.ana.seen
    )
    pdf = tmp_path / "statement.pdf"
    pdf.write_bytes(pb.StatementDocument.FromString(shared.ana.as_ana("GetStatementDocument", request)).pdf)
    page = shared.somebody.page
    page.goto(f"{shared.somebody.origin}/check?lang=en")
    page.wait_for_selector("#choose:visible")
    shared.somebody.requests.clear()
    with page.expect_file_chooser() as chooser:
        page.click("#choose")
    chooser.value.set_files(pdf)
    assert shared.somebody.state() == "valid"
    assert shared.somebody.steps().items() >= ALL_HOLD.items()
    assert [each for each in shared.somebody.requests if not each.startswith("GET ")] == []


def test_what_is_corrected_is_told_within_ten_seconds(shared: Shared):
    shared.ana.reverse("a2")
    took = shared.wait_for("superseded")
    assert took < TOLD_SECONDS_MAX
    told = shared.somebody.text()
    assert "3 hours" in told
    assert "2 hours" in told


def test_what_is_revoked_is_told(shared: Shared):
    statement = shared.ana.issue("ended")
    link = shared.ana.share(statement.name)
    request = pb.RevokeStatementRequest(name=statement.name, revoked_for=pb.STATEMENT_REVOCATION_WITHDRAWN)
    shared.ana.as_ana("RevokeStatement", with_id(request))
    Shared(shared.ana, shared.somebody, statement, link).wait_for("revoked")
    assert "3 hours" not in shared.somebody.text()


def test_of_an_erased_person_the_page_shows_nothing(shared: Shared):
    """The last of this file: Ana is gone afterwards."""
    shared.ana.erase()
    shared.wait_for("erased")
    told = shared.somebody.page.inner_text("body")
    assert [word for word in (FULL_NAME, "ش. P.", "3 hours") if word in told] == []
