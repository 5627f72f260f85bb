"""What a coordinator offers: the list of their organisations' opportunities, and publishing a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.access.caller import Role
from ledger.domain.refusals import Refusal
from ledger.texts.codes import SECTOR_CODES
from ledger.web.people.directory import id_of, organization_names
from ledger.web.people.finding import LEVELS
from ledger.web.people.forms import Fields
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import Opportunity, OpportunityState, VolunteeringLevel
from volunteer_hours.v1.values_pb2 import LocalizedText

PAGE_SIZE: Final = 50
AGE_MAX: Final = 120
PLACES: Final[Mapping[str, str]] = {
    "opportunity.title.en": "title_en",
    "opportunity.title": "title_ar",
    "opportunity.description.en": "description_en",
    "opportunity.description": "description_ar",
    "opportunity.sector": "sector",
    "opportunity.skills": "skills",
    "opportunity.minimum_age_years": "age",
}
"""Field of the request → field of the form."""


async def organize_page(visit: Visit) -> Shown:
    """`/organize`."""
    held = visit.organizations(Role.COORDINATOR)
    names = await organization_names(visit, held)
    asked, token = visit.request.query_params.get("of", ""), visit.request.query_params.get("page", "")[:1_000]
    groups = []
    for name in held:
        request = directory.ListOpportunitiesRequest(
            organization=name, page_size=PAGE_SIZE, page_token=token if name == asked else "", positions=visit.seen
        )
        listed = await visit.ask("DirectoryService/ListOpportunities", request, directory.ListOpportunitiesResponse)
        rows = [
            {"path": f"/organize/{id_of(one.name)}", "title": one.title, "state": OpportunityState.Name(one.state)}
            for one in listed.opportunities
        ]
        groups.append({"name": name, "called": names[name], "rows": rows, "next_page": listed.next_page_token})
    return Shown("organize.html", {"groups": groups})


async def publish_page(visit: Visit) -> Shown | Gone:
    """`/organize/new`."""
    if not visit.posted:
        return await _form(visit)
    try:
        return await _publish(visit)
    except Refusal as refusal:
        return await _form(visit, refusal)


def read_opportunity(visit: Visit, organization: str) -> Opportunity:
    """What was typed, as an opportunity. Raises FormWrong."""
    fields = Fields(visit)
    title = LocalizedText(ar=fields.text("title_ar"), en=fields.text("title_en"))
    if not title.ar and not title.en:
        fields.mark("title_ar", "field_title")
    described = LocalizedText(ar=fields.block("description_ar"), en=fields.block("description_en"))
    level = visit.typed("level")
    made = Opportunity(
        organization=organization,
        title=title,
        description=described if described.ar or described.en else None,
        sector=fields.text("sector"),
        skills=fields.lines("skills"),
        minimum_age_years=fields.number("age", 0, AGE_MAX, empty=0),
    )
    if level in LEVELS:
        made.level = VolunteeringLevel.Value(level)
    fields.need()
    return made


def typed_opportunity(visit: Visit, known: Opportunity | None = None) -> dict[str, str]:
    """What the form shows: what was typed, else what is known, else nothing."""
    if visit.posted and visit.typed("action") in ("publish", "edit"):
        names = ("title_ar", "title_en", "description_ar", "description_en", "sector", "skills", "age", "level")
        return {name: visit.typed(name) for name in names}
    one = known or Opportunity()
    return {
        "title_ar": one.title.ar,
        "title_en": one.title.en,
        "description_ar": one.description.ar,
        "description_en": one.description.en,
        "sector": one.sector,
        "skills": "\n".join(one.skills),
        "age": str(one.minimum_age_years),
        "level": VolunteeringLevel.Name(one.level) if one.level else "",
    }


async def _publish(visit: Visit) -> Gone:
    made = read_opportunity(visit, visit.typed("organization"))
    request = commands.PublishOpportunityRequest(request_id=visit.request_id, opportunity=made)
    published = await visit.ask("RegistryService/PublishOpportunity", request, Opportunity)
    return Gone(f"/organize/{id_of(published.name)}", published.positions, "published")


async def _form(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal, PLACES)
    held = visit.organizations(Role.COORDINATOR)
    data = {
        "organizations": await organization_names(visit, held),
        "organization": visit.typed("organization") or visit.request.query_params.get("organization", held[0]),
        "typed": typed_opportunity(visit),
        "levels": LEVELS,
        "sectors": SECTOR_CODES,
        "refused": refused,
        "form_id": visit.form_id(refusal),
    }
    return Shown("publish.html", data, 200 if refused is None else 409)
