"""One request of somebody who reads pages: who they are, in which language, what they sent, and what they may ask."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import quote

from google.protobuf.message import Message
from starlette.requests import Request

from ledger.access.caller import Caller, Role
from ledger.access.door import Proof
from ledger.domain.refusals import Kind, Reason, Refusal, refuse
from ledger.grpc.own_calls import OwnCalls
from ledger.grpc.status import InvalidRequest
from ledger.web.people.session import Session
from ledger.web.people.wording import Words
from volunteer_hours.v1.positions_pb2 import Position

_SEEN: Final = re.compile(r"[0-9]{1,4}\.[0-9]{1,15}(-[0-9]{1,4}\.[0-9]{1,15}){0,15}")
_ID: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ABSENT: Final = (Reason.NOT_FOUND, Reason.PERMISSION_DENIED, Reason.PURPOSE_NEEDED)
"""Looks alike: nobody learns from a page whether something is there that is not for them."""
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to be filled."""

    template: str
    data: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Gone:
    """On to another page: what was asked is done, and a reload shall not ask it again."""

    path: str
    seen: Sequence[Position] = ()
    """Where it was recorded: the page waits until the projections have it."""
    done: str = ""
    """The key of the sentence that tells it."""

    @property
    def address(self) -> str:
        seen = "-".join(f"{one.partition}.{one.position}" for one in self.seen)
        asked = [f"seen={seen}"] * bool(seen) + [f"done={quote(self.done)}"] * bool(self.done)
        joint = "&" if "?" in self.path else "?"
        return self.path + (joint + "&".join(asked) if asked else "")


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal in words, beside the form it answers."""

    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Those of the form that are not as they should be, and the key of what they should be."""


class FormWrong(Refusal):
    """A form that cannot be made a request of: nothing was asked."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(Reason.INVALID_ARGUMENT, {"violations": ", ".join(fields)})
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Visit:
    """What a story knows."""

    request: Request
    words: Words
    session: Session
    caller: Caller
    calls: OwnCalls
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was posted; several values of one name in order."""

    @property
    def posted(self) -> bool:
        """Whether something shall be done."""
        return self.request.method == "POST"

    @property
    def person(self) -> str:
        """volunteers/…; refuses NOT_FOUND for who is none."""
        if Role.VOLUNTEER not in self.caller.roles:
            refuse(Reason.NOT_FOUND, name="a page of a volunteer")
        return self.caller.actor

    def organizations(self, role: Role) -> list[str]:
        """Those that a role is held for. Refuses NOT_FOUND for who holds it nowhere."""
        held = sorted(self.caller.roles.get(role, ()))
        if not held:
            refuse(Reason.NOT_FOUND, name="a page of an organisation")
        return held

    @property
    def seen(self) -> list[Position]:
        """What the answer must not be older than."""
        text = self.request.query_params.get("seen", "")
        if _SEEN.fullmatch(text) is None:
            return []
        pairs = (one.split(".") for one in text.split("-"))
        return [Position(partition=int(partition), position=int(position)) for partition, position in pairs]

    async def ask(self, method: str, request: Message, answer: type[M]) -> M:
        """Call a method as this person. Refuses whatever it refuses."""
        return await self.calls.ask(method, request, answer, Proof(token=self.session.token))

    def typed(self, name: str) -> str:
        """What stands in a field of the form, without blanks around it."""
        values = self.form.get(name, ())
        return values[0].strip() if values else ""

    @property
    def request_id(self) -> str:
        """The form's own key; refuses INVALID_ARGUMENT, by the method, where somebody changed it."""
        return self.typed("request_id")

    def path_id(self, name: str) -> str:
        """An id that stands in the path. Refuses NOT_FOUND for what can be none."""
        text = str(self.request.path_params[name])
        if _ID.fullmatch(text) is None:
            refuse(Reason.NOT_FOUND, name=text[:80])
        return text

    def told(self, refusal: Refusal, places: Mapping[str, str] | None = None) -> Told:
        """The refusal in words; `places` says in which field of the form a field of the request stands.

        Raises it again where the whole page has to say it.
        """
        if refusal.reason in ABSENT or refusal.reason.kind is Kind.UNAUTHENTICATED:
            raise refusal
        fields: Mapping[str, str] = {}
        if isinstance(refusal, FormWrong):
            fields = refusal.fields
        elif isinstance(refusal, InvalidRequest):
            paths = (one.field for one in refusal.violations)
            fields = {field: "field_general" for path in paths for field in _stands_in(path, places or {})}
        return Told(self.words.refused(refusal), fields)

    def form_id(self, refusal: Refusal | None = None) -> str:
        """For a form that is shown (again): its own key, so that what may have been recorded is not recorded twice."""
        if refusal is None or refusal.reason is Reason.REQUEST_ID_REUSED or not self.request_id:
            return new_id()
        return self.request_id


def new_id() -> str:
    """A key for a form."""
    return str(uuid.uuid4())


def _stands_in(path: str, places: Mapping[str, str]) -> Iterable[str]:
    return (
        form_field
        for prefix, form_field in places.items()
        if path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))
    )
