"""Who is let in: what a certificate and a token together make of a caller, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta

import pytest

from ledger.access.caller import Role
from ledger.access.door import Door, NotProven, Proof, ShownCertificate, first_clients
from ledger.access.grants import Grants
from ledger.access.token_text import TokenFault, TokenRefused
from ledger.access.tokens import TokenClaims, TokenVerifier
from ledger.domain.client import Client, ClientTerms
from ledger.settings import WrongSetting

NOW = 1_800_000_000.0
OURS, THEIRS, OTHER = "a" * 64, "b" * 64, "c" * 64
SPEAKS = ClientTerms(system_name="synthetic", delegated_roles=("coordinator", "verifier", "volunteer", "auditor"))
GREEN = frozenset({"organizations/green"})


class Known(Grants):
    """Clients and appointments of this test."""

    def __init__(self, **terms: ClientTerms) -> None:
        self.known = {name: Client(f"clients/{name}", one, datetime.now(UTC)) for name, one in terms.items()}
        self.appointed: dict[str, Mapping[Role, Set[str]]] = {}
        self.changes = 0

    def need_fresh(self) -> None:
        """It is."""

    def client(self, client_id: str) -> Client | None:
        return self.known.get(client_id)

    def client_of_certificate(self, sha256: str) -> str | None:
        return next((name for name, one in self.known.items() if sha256 in one.terms.certificates), None)

    def roles_of(self, actor: str) -> Mapping[Role, Set[str]]:
        return self.appointed.get(actor, {})


class Said(TokenVerifier):
    """Believes the tokens `client actor role…`; `bad` is none."""

    def __init__(self, bound_to: str | None = None) -> None:
        self._bound_to = bound_to

    def verify(self, token: str) -> TokenClaims:
        if token == "bad":
            raise TokenRefused(TokenFault.EXPIRED)
        client, actor, *roles = token.split()
        return TokenClaims(client, actor, frozenset(map(Role, roles)), NOW + 60, self._bound_to, "t")


def shown(sha256: str, expires_at: float = NOW + 60) -> ShownCertificate:
    return ShownCertificate(sha256, expires_at)


def door(grants: Grants, tokens: TokenVerifier | None = None, first: str = "") -> Door:
    return Door(grants, tokens or Said(), first_clients(first), lambda: NOW)


def refused(at: Door, proof: Proof) -> str:
    with pytest.raises(NotProven) as raised:
        at.caller(proof)
    return raised.value.details["cause"]


def test_a_person_has_roles_of_the_token_and_appointments_as_far_as_the_client_delegates():
    grants = Known(app=SPEAKS)
    grants.appointed["staff/amal"] = {Role.COORDINATOR: GREEN}
    caller = door(grants).caller(Proof(token="app staff/amal auditor administrator", purpose="x"))
    assert (caller.client, caller.actor, caller.purpose) == ("app", "staff/amal", "x")
    assert caller.roles == {Role.COORDINATOR: GREEN, Role.AUDITOR: frozenset()}, "administrator is not delegated"
    volunteer = door(grants).caller(Proof(token="app volunteers/ana"))
    assert volunteer.roles == {Role.VOLUNTEER: frozenset()}
    nobody = door(Known(app=ClientTerms(system_name="mute"))).caller(Proof(token="app volunteers/ana administrator"))
    assert nobody.roles == {}


def test_a_certificate_alone_acts_as_the_client_in_its_own_roles():
    terms = ClientTerms(
        system_name="synthetic", certificates=(OURS,), own_roles=("verifier", "auditor"), organizations=tuple(GREEN)
    )
    caller = door(Known(kiosk=terms)).caller(Proof(shown(OURS)))
    assert (caller.client, caller.actor) == ("kiosk", "clients/kiosk")
    assert caller.roles == {Role.VERIFIER: GREEN, Role.AUDITOR: frozenset()}


def test_what_does_not_belong_together_is_refused():
    certified = SPEAKS.model_copy(update={"certificates": (OURS,)})
    at = door(Known(app=certified, other=SPEAKS))
    assert "neither" in refused(at, Proof())
    assert "not registered" in refused(at, Proof(shown(OTHER)))
    assert "another client's" in refused(at, Proof(shown(OURS), "other staff/amal"))
    assert "another client's" in refused(at, Proof(shown(OTHER), "other staff/amal"))
    assert "must show its certificate" in refused(at, Proof(token="app staff/amal"))
    assert "not registered" in refused(at, Proof(token="nobody staff/amal"))
    assert "expired" in refused(at, Proof(token="bad"))
    assert at.caller(Proof(shown(OURS), "app staff/amal")).actor == "staff/amal"
    bound = door(Known(app=certified), Said(bound_to=THEIRS))
    assert "token" in refused(bound, Proof(shown(OURS), "app staff/amal"))
    assert "no tokens" in refused(Door(Known(app=SPEAKS), None, {}), Proof(token="app staff/amal"))


def test_what_ends_is_noticed_at_the_next_look():
    certified = SPEAKS.model_copy(update={"certificates": (OURS,), "own_roles": ("auditor",)})
    grants = Known(app=certified)
    at, proof = door(grants), Proof(shown(OURS, NOW + 1))
    assert at.caller(proof).client == "app"
    assert refused(door(grants), Proof(shown(OURS, NOW))) == "the certificate has expired"
    known = grants.known["app"]
    grants.known["app"] = Client(known.name, known.terms, known.registered_at, revoked_for="key-lost")
    assert at.caller(proof).client == "app", "remembered for a second"
    grants.changes += 1
    assert "revoked" in refused(at, proof)
    over = certified.model_copy(update={"until_time": datetime.now(UTC) - timedelta(seconds=1)})
    grants.known["app"] = Client(known.name, over, known.registered_at)
    grants.changes += 1
    assert "its time has passed" in refused(at, proof)


def test_a_first_client_does_everything_until_it_is_registered_otherwise():
    at = door(Known(), first=f"first, sealed={OURS}")
    caller = at.caller(Proof(token="first staff/authority administrator"))
    assert caller.roles == {Role.ADMINISTRATOR: frozenset()}
    assert at.caller(Proof(shown(OURS))).roles == {Role.ADMINISTRATOR: frozenset()}
    assert "must show" in refused(at, Proof(token="sealed staff/authority"))
    registered = door(Known(first=SPEAKS), first="first")
    assert registered.caller(Proof(token="first staff/authority administrator")).roles == {}


@pytest.mark.parametrize("wrong", ["a=", "a=AB", "a=" + "g" * 64, "a=" + "a" * 63])
def test_a_first_client_with_a_wrong_certificate_is_no_setting(wrong: str):
    if wrong == "a=":
        assert first_clients(wrong) == {"a": None}
        return
    with pytest.raises(WrongSetting, match="64 lower-case hex digits"):
        first_clients(wrong)
