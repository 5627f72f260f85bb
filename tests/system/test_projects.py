"""A project that donors and volunteers support, on real servers: hours follow reversals, each donation counts once."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import grpc
import pytest

from ledger.access.local_issuer import LOCAL_CLIENT
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import request_id, with_id
from tests.system.project_programme import WELL, Supporter, as_coordinator, donation, money, period
from tests.system.published_hours import BEN, HOUR
from tests.system.served_ledger import answered, hours_ledger, served_in_a_folder
from tests.system.small_programme import ANA, GARDEN, GREEN
from tests.system.stored_history import wait_until
from volunteer_hours.v1 import project_service_pb2 as pb

EXISTS, REFUSED = grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def supporter(request: pytest.FixtureRequest) -> Iterator[Supporter]:
    """A project whose garden has two verified hours, one attended, and a head count; the audit closes it."""
    with served_in_a_folder(request.param) as served, channel_to(served.grpc) as channel:
        supporter = Supporter(channel, served.grpc, request.param)
        supporter.begin()
        supporter.open()
        supporter.link()
        yield supporter


def test_hours_are_those_of_the_linked_opportunities_and_follow_reversals(supporter: Supporter):
    before = supporter.progress(count_volunteers=True)
    assert (before.seconds.verified_seconds, before.seconds.attended_seconds) == (2 * HOUR, 8 * HOUR)
    assert [one.organization for one in before.partners] == [GREEN]
    assert before.volunteer_count == 1
    assert (before.hours_reached.numerator, before.hours_reached.denominator) == (1, 5)
    served = supporter.serve(BEN, "2023-05-08", 3).name
    supporter.verify(served)
    grown = supporter.progress(count_volunteers=True)
    assert (grown.seconds.verified_seconds, grown.volunteer_count) == (5 * HOUR, 2)
    supporter.reverse(served)
    after = supporter.progress(count_volunteers=True)
    assert (after.seconds.verified_seconds, after.volunteer_count) == (2 * HOUR, 1)
    assert after.seconds.reversed_seconds == before.seconds.reversed_seconds + 3 * HOUR
    # The same as of the earlier moment is the earlier answer, found another way: by the entries.
    for then in (before, grown, after):
        again = supporter.progress_at(list(then.positions))
        then.volunteer_count = 0
        then.ClearField("recorded_through")
        again.ClearField("recorded_through")
        assert again == then


def test_a_period_that_cuts_a_month_counts_the_days_in_it(supporter: Supporter):
    supporter.open("short", period=period("2023-05-03", "2023-05-04"))
    supporter.link(project="projects/short")
    told = supporter.progress(project="projects/short")
    assert (told.seconds.verified_seconds, told.seconds.attended_seconds) == (HOUR, HOUR)
    supporter.update("period", project="projects/short", period=period("2023-05-01", "2023-05-31"))
    assert supporter.progress(project="projects/short").seconds == supporter.progress().seconds
    assert supporter.progress_at(list(told.positions), "projects/short").seconds == told.seconds
    unlinked = supporter.unlink(project="projects/short")
    assert not unlinked.opportunities
    assert supporter.progress(project="projects/short").seconds.recorded_seconds == 0


def test_a_donation_counts_once_however_often_it_is_reported(supporter: Supporter):
    first = supporter.give("once", 5_000)
    assert not first.repeated
    assert (first.platform, first.exponent, first.net_minor_units) == (LOCAL_CLIENT, 2, 5_000)
    again = supporter.give("once", 5_000)
    assert again.repeated
    assert again.name == first.name
    differing = {
        "amount": donation("once", 5_001),
        "currency": donation("once", 5_000, currency="USD"),
        "date": donation("once", 5_000, given_date="2023-03-02"),
    }
    for report in differing.values():
        refused = supporter.client.refused(
            "ProjectService/ReportDonation", with_id(pb.ReportDonationRequest(donation=report))
        )
        assert (refused.code, refused.reason) == (EXISTS, "DONATION_DIFFERS")
    assert money(supporter.progress()) == (1, 5_000, 0, 5_000)


def test_corrections_and_refunds_move_the_sums_and_the_past_stays(supporter: Supporter):
    count, given, refunded, _ = money(supporter.progress())
    told = supporter.give("corrected", 9_000)
    at_first = supporter.progress()
    corrected = supporter.correct_donation(told.name, 900)
    assert (corrected.reported_minor_units, corrected.amount_minor_units) == (9_000, 900)
    assert supporter.give("corrected", 900).repeated
    assert supporter.correct_donation(told.name, 900).repeated
    back = supporter.refund(told.name, "r1", 300)
    assert (back.refunded_minor_units, back.net_minor_units) == (300, 600)
    assert supporter.refund(told.name, "r1", 300).repeated
    assert supporter.refund(told.name, "r2", 600).net_minor_units == 0
    after = supporter.progress()
    assert money(after) == (count + 1, given + 900, refunded + 900, given - refunded)
    net, goal = money(after)[3], 100_000
    assert Fraction(after.money_reached.numerator, after.money_reached.denominator) == Fraction(net, goal)
    assert money(supporter.progress_at(list(at_first.positions))) == (
        count + 1,
        given + 9_000,
        refunded,
        given + 9_000 - refunded,
    )
    for request, reason in (
        (refund(told.name, "r3", 1), "REFUND_TOO_LARGE"),
        (refund(told.name, "r1", 299), "REFUND_DIFFERS"),
        (refund(f"{WELL}/donations/absent", "r1", 1), "NOT_FOUND"),
    ):
        assert supporter.client.refused("ProjectService/RefundDonation", with_id(request)).reason == reason
    less = pb.CorrectDonationRequest(name=told.name, amount_minor_units=899, reason="TYPING_ERROR")
    assert supporter.client.refused("ProjectService/CorrectDonation", with_id(less)).reason == "REFUNDED_MORE"


def refund(name: str, reference: str, minor_units: int) -> pb.RefundDonationRequest:
    return pb.RefundDonationRequest(
        name=name, refund_reference=reference, refunded_minor_units=minor_units, reason="DONOR_ASKED"
    )


def test_a_page_has_an_outcome_for_each_and_counts_each_once(supporter: Supporter):
    before = money(supporter.progress())
    page = [
        donation("page-1", 100),
        donation("page-2", 200, currency="ABC"),
        donation("page-1", 100),
        donation("page-1", 101),
        donation("page-3", 300, project="projects/absent"),
        donation("page-4", 400),
    ]
    key = request_id()
    told = supporter.give_many(*page, key=key)
    assert [one.WhichOneof("outcome") for one in told.outcomes] == [
        "donation",
        "refusal",
        "donation",
        "refusal",
        "refusal",
        "donation",
    ]
    assert [told.outcomes[index].donation.repeated for index in (0, 2, 5)] == [False, True, False]
    after = money(supporter.progress())
    assert (after[0] - before[0], after[1] - before[1]) == (2, 500)
    for again in (supporter.give_many(*page, key=key), supporter.give_many(*page)):
        assert [one.donation.name for one in again.outcomes] == [one.donation.name for one in told.outcomes]
    assert money(supporter.progress()) == after


def test_another_currency_is_listed_apart_and_counts_for_no_goal(supporter: Supporter):
    before = supporter.progress()
    supporter.give("dinars", 1_500, currency="KWD")
    supporter.give("yen", 700, currency="JPY")
    told = supporter.progress()
    assert told.money_reached == before.money_reached
    assert {one.currency: one.exponent for one in told.donations} == {"JPY": 0, "KWD": 3, "SAR": 2}
    assert money(told, "KWD") == (1, 1_500, 0, 1_500)
    assert [one.platform for one in told.donations[0].platforms] == [LOCAL_CLIENT]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount_minor_units": 0}, "INVALID_ARGUMENT"),
        ({"amount_minor_units": -5}, "INVALID_ARGUMENT"),
        ({"amount_minor_units": 10**12 + 1}, "INVALID_ARGUMENT"),
        ({"amount_minor_units": 2**63 - 1}, "INVALID_ARGUMENT"),
        ({"currency": "sar"}, "INVALID_ARGUMENT"),
        ({"currency": "XAU"}, "CURRENCY_UNKNOWN"),
        ({"given_date": "2023-02-30"}, "DATE_INVALID"),
        ({"given_date": "2190-01-01"}, "DONATION_IN_FUTURE"),
        ({"reference": "ana@example.com"}, "INVALID_ARGUMENT"),
        ({"reference": "a b"}, "INVALID_ARGUMENT"),
        ({"reference": "x" * 65}, "INVALID_ARGUMENT"),
        ({"reference": ""}, "INVALID_ARGUMENT"),
    ],
)
def test_hostile_amounts_references_and_dates_are_refused(
    supporter: Supporter, fields: dict[str, str | int], reason: str
):
    report = donation("hostile", 1)
    for name, value in fields.items():
        setattr(report, name, value)
    request = with_id(pb.ReportDonationRequest(donation=report))
    assert supporter.client.refused("ProjectService/ReportDonation", request).reason == reason


def test_the_largest_amounts_add_up(supporter: Supporter):
    supporter.open("large", goal_minor_units=10**15)
    page = [donation(f"large-{number}", 10**12, project="projects/large") for number in range(50)]
    supporter.give_many(*page)
    told = supporter.progress(project="projects/large")
    assert money(told) == (50, 50 * 10**12, 0, 50 * 10**12)
    assert (told.money_reached.numerator, told.money_reached.denominator) == (1, 20)


def test_unsound_plans_are_refused(supporter: Supporter):
    for fields, reason in (
        ({}, "PROJECT_WITHOUT_GOAL"),
        ({"goal_minor_units": 5}, "GOAL_WITHOUT_CURRENCY"),
        ({"goal_seconds": 5, "currency": "SAR"}, "GOAL_WITHOUT_CURRENCY"),
        ({"goal_seconds": 5, "period": period("2023-05-02", "2023-05-01")}, "DATES_REVERSED"),
    ):
        wanted = pb.Project(organization=GREEN, **fields)
        wanted.title.en = "synthetic"
        request = with_id(pb.OpenProjectRequest(project=wanted))
        assert supporter.client.refused("ProjectService/OpenProject", request).reason == reason


def test_a_closed_project_takes_nothing_new_and_is_still_mended(supporter: Supporter):
    name = "projects/ending"
    supporter.open("ending")
    supporter.link(project=name)
    given = supporter.give("before", 700, project=name)
    assert supporter.close_project(name).state == pb.PROJECT_STATE_CLOSED
    late = with_id(pb.ReportDonationRequest(donation=donation("after", 1, project=name)))
    assert supporter.client.refused("ProjectService/ReportDonation", late).reason == "PROJECT_CLOSED"
    linking = with_id(pb.LinkOpportunityRequest(name=name, opportunity=GARDEN))
    assert supporter.client.refused("ProjectService/LinkOpportunity", linking).reason == "PROJECT_CLOSED"
    assert supporter.give("before", 700, project=name).repeated
    supporter.refund(given.name, "r1", 200)
    supporter.verify(supporter.serve(ANA, "2023-05-15", 1).name)
    told = supporter.progress(project=name)
    assert money(told) == (1, 700, 200, 500)
    assert told.seconds.verified_seconds == 3 * HOUR


def test_each_partner_says_where_its_own_hours_count(supporter: Supporter):
    """Green's project, Blue's opportunity: Blue links it, both may unlink it; Blue reports no donation for Green."""
    name = "projects/shared"
    supporter.open("shared")
    supporter.partner("blue")
    supporter.appoint("organizations/green")
    blue, green = as_coordinator("blue"), as_coordinator("green")
    link, unlink = "ProjectService/LinkOpportunity", "ProjectService/UnlinkOpportunity"
    of_blue = {"name": name, "opportunity": "opportunities/blue"}
    of_green = {"name": name, "opportunity": GARDEN}
    wait_until(lambda: supporter.may(blue, link, pb.LinkOpportunityRequest(**of_blue)))
    wait_until(lambda: supporter.may(green, unlink, pb.UnlinkOpportunityRequest(**of_blue)))
    assert not supporter.may(blue, link, pb.LinkOpportunityRequest(**of_green))
    assert not supporter.may(green, link, pb.LinkOpportunityRequest(**of_blue))
    assert supporter.may(green, link, pb.LinkOpportunityRequest(**of_green))
    assert not supporter.may(blue, unlink, pb.UnlinkOpportunityRequest(**of_green))
    assert supporter.may(blue, link, pb.LinkOpportunityRequest(**of_blue))
    assert supporter.may(blue, unlink, pb.UnlinkOpportunityRequest(**of_blue))
    given = pb.ReportDonationRequest(donation=donation("shared", 5, project=name))
    assert not supporter.may(blue, "ProjectService/ReportDonation", given)
    assert supporter.may(green, "ProjectService/ReportDonation", given)
    assert not supporter.may(blue, "ProjectService/ListDonations", pb.ListDonationsRequest(parent=name))


def test_two_platforms_may_use_one_reference(supporter: Supporter):
    name = "projects/platforms"
    supporter.open("platforms")
    request = with_id(pb.ReportDonationRequest(donation=donation("7", 100, project=name)))
    other = with_id(pb.ReportDonationRequest(donation=donation("7", 900, project=name)))
    first = pb.Donation.FromString(supporter.call("ProjectService/ReportDonation", request, acting_as()))
    second = pb.Donation.FromString(supporter.call("ProjectService/ReportDonation", other, acting_as(client="other")))
    assert (first.platform, second.platform) == (LOCAL_CLIENT, "other")
    supporter.seen += [*first.positions, *second.positions]
    [sums] = supporter.progress(project=name).donations
    told = {one.platform: one.sums.net_minor_units for one in sums.platforms}
    assert told == {LOCAL_CLIENT: 100, "other": 900}
    assert sums.sums.net_minor_units == 1_000


def test_lists_and_the_terminal_tell_the_same(supporter: Supporter):
    listed: list[pb.Donation] = []
    token = ""
    while True:
        page = supporter.donations(3, token)
        listed += page.donations
        token = page.next_page_token
        if not token:
            break
    told = supporter.progress()
    for one in told.donations:
        of = [given for given in listed if given.currency == one.currency]
        assert len(of) == one.sums.donation_count
        assert sum(given.net_minor_units for given in of) == one.sums.net_minor_units
    shown = answered(hours_ledger("project", "show", WELL, "--json", "--volunteers", address=supporter.address))
    assert int(shown["seconds"]["verified_seconds"]) == told.seconds.verified_seconds
    table = hours_ledger("project", "show", WELL, address=supporter.address)
    assert table.returncode == 0, table.stderr
    assert "0.700" not in table.stdout
    assert "1.500" in table.stdout
    projects = pb.ListProjectsResponse.FromString(
        supporter.client.send("ProjectService/ListProjects", pb.ListProjectsRequest(organization=GREEN))
    )
    assert WELL in [one.name for one in projects.projects]
