"""What a seed makes: the same every time, shaped like the real history, and nobody real."""

from __future__ import annotations

from itertools import islice

from ledger.generator.synthetic_plan import organization, organizations
from ledger.generator.synthetic_requests import (
    publish_opportunity,
    record_pages,
    register_organization,
    register_volunteer,
)


def test_the_same_seed_makes_the_same():
    assert organization(7, 1, 50) == organization(7, 1, 50)
    assert organization(7, 1, 50) != organization(8, 1, 50)


def test_a_larger_number_begins_with_the_same_whole_organizations():
    small, large = list(organizations(400, 3)), list(islice(organizations(1000, 3), 2))
    assert small == large


def test_another_size_never_meets_the_same_names():
    whole, part = organization(3, 1, 200), organization(3, 1, 150)
    assert {one.name for one in whole.volunteers}.isdisjoint(one.name for one in part.volunteers)
    assert whole.request_id("register") != part.request_id("register")


def test_the_shape_is_that_of_the_real_history():
    made = list(organizations(4000, 11))
    shifts = [shift for one in made for shift in one.shifts]
    presences = sum(len(one.presences) for one in made)
    registered = sum(len(shift.registered) for shift in shifts)
    assert 5.0 < presences / len(shifts) < 6.2
    assert 0.22 < sum(len(shift.withdrawn) for shift in shifts) / registered < 0.28
    assert all(len(shift.registered) <= shift.places for shift in shifts)
    assert all(presence.start < presence.end for one in made for presence in one.presences)


def test_everything_a_person_reads_says_synthetic():
    made = organization(5, 2, 40)
    names = [register_organization(made).display_name]
    names += [publish_opportunity(made, one).opportunity.title for one in made.opportunities]
    assert all("ynthetic" in name.en and "اصطناعي" in name.ar for name in names)
    for person in made.volunteers:
        details = register_volunteer(made, person).details
        assert "synthetic" in details.full_name
        assert details.identity.number.startswith("SYNTH")


def test_the_verifier_is_not_who_submits():
    assert organization(1, 1, 1).verifier == "staff/synthetic-1-1-1-verifier"


def test_pages_hold_every_noted_presence_once():
    made = organization(9, 1, 200)
    pages = list(record_pages(made))
    names = [f"{one.volunteer}/attendances/{one.attendance_id}" for page in pages for one in page.attendances]
    assert sorted(names) == sorted(one.name for one in made.presences if not one.clocked)
    assert len(names) == len(set(names))
    assert max(len(page.attendances) for page in pages) <= 500
