"""All pages for people, as routes of the site."""

from __future__ import annotations

from starlette.routing import Route

from ledger.access.door import Door
from ledger.access.tokens import TokenVerifier
from ledger.grpc.own_calls import OwnCalls
from ledger.settings import Settings
from ledger.web.people.checking_in import check_in_page
from ledger.web.people.coordinator_opportunities import organize_page, publish_page
from ledger.web.people.finding import FindingPage
from ledger.web.people.front import Front
from ledger.web.people.my_hours import entry_page, my_hours_page
from ledger.web.people.opportunity_care import care_page
from ledger.web.people.pages_settings import pages_place
from ledger.web.people.presence_list import PresenceList
from ledger.web.people.registering import my_registrations_page, opportunity_page, shift_page
from ledger.web.people.roster import roster_page
from ledger.web.people.search_finding import FindingBySearch
from ledger.web.people.session import Sessions
from ledger.web.people.sign_in import SignIn
from ledger.web.people.verification_queue import queue_page, verify_page


class PeoplePages:
    """The pages of one process."""

    def __init__(self, front: Front, tokens: TokenVerifier) -> None:
        self._front = front
        self._sign_in = SignIn(front, tokens)
        self._presence = PresenceList(front)
        self._finding = FindingPage(FindingBySearch())

    def routes(self) -> list[Route]:
        """Paths and pages."""
        page = self._front.route
        return [
            *self._sign_in.routes(),
            page("/find", "find", self._finding.page, posts=False),
            page("/opportunities/{opportunity}", "opportunity", opportunity_page),
            page("/opportunities/{opportunity}/shifts/{shift}", "shift", shift_page),
            page("/my/registrations", "registrations", my_registrations_page, posts=False),
            page("/my/hours", "hours", my_hours_page, posts=False),
            page("/my/hours/{attendance}", "entry", entry_page),
            page("/in/{opportunity}/{shift}", "check-in", check_in_page),
            page("/organize", "organize", organize_page, posts=False),
            page("/organize/new", "publish", publish_page),
            page("/organize/{opportunity}", "care", care_page),
            page("/organize/{opportunity}/{shift}", "roster", roster_page),
            page("/organize/{opportunity}/{shift}/presence", "presence", self._presence.page),
            page("/verify", "verify", verify_page, posts=False),
            page("/verify/{opportunity}/{shift}", "queue", queue_page),
        ]


def people_pages(settings: Settings, door: Door, tokens: TokenVerifier | None, calls: OwnCalls) -> PeoplePages | None:
    """As the settings say; None: there are none."""
    if not settings.pages_client or tokens is None:
        return None
    place = pages_place(settings)
    sessions = Sessions(settings.pages_key.get_secret_value().encode(), secure=place.is_secure)
    return PeoplePages(Front(place, sessions, door, calls), tokens)
