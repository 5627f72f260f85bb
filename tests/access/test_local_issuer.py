"""The issuer of an embedded ledger, and what commands show with it."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from joserfc.jwk import ECKey

from ledger.access.caller import TOKEN_ROLES, Role
from ledger.access.local_issuer import (
    ADMINISTRATOR,
    ADMINISTRATOR_FILE,
    JWKS_FILE,
    KEY_FILE,
    LOCAL_AUDIENCE,
    LOCAL_ISSUER,
    LocalIssuer,
)
from ledger.access.token_text import TokenFault
from ledger.access.tokens import TokenVerifier, token_verifier
from ledger.commands.connection import Caller
from ledger.commands.credentials import CredentialsMissing, credentials_for
from ledger.postgres_place import PlaceNotUsable
from ledger.settings import Settings
from tests.access.believing import base64url, fault_of
from tests.system.certificates import Authority
from tests.system.served_ledger import hours_ledger

HERE = "127.0.0.1:50051"
THERE = "ledger.example:50051"
DAY = 24 * 3_600


def verifier_in(folder: Path) -> TokenVerifier:
    verifier = token_verifier(
        Settings(token_issuer=LOCAL_ISSUER, token_audience=LOCAL_AUDIENCE, token_jwks=str(folder / JWKS_FILE))
    )
    assert verifier is not None
    return verifier


def administrator_token(folder: Path) -> str:
    return (folder / ADMINISTRATOR_FILE).read_text().strip()


def test_the_first_start_makes_key_and_token_for_their_owner_alone(tmp_path: Path):
    assert LocalIssuer.in_folder(tmp_path) is None
    LocalIssuer.made_in(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [ADMINISTRATOR_FILE, JWKS_FILE, KEY_FILE]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert '"d"' not in (tmp_path / JWKS_FILE).read_text()
    claims = verifier_in(tmp_path).verify(administrator_token(tmp_path))
    assert (claims.actor, claims.client, claims.roles) == (ADMINISTRATOR, "hours-ledger", TOKEN_ROLES)


def test_a_later_start_keeps_the_key_and_renews_the_token_in_its_second_half(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    key, first = (tmp_path / KEY_FILE).read_bytes(), administrator_token(tmp_path)
    LocalIssuer.made_in(tmp_path)
    assert administrator_token(tmp_path) == first
    old = time.time() - DAY / 2
    for file in tmp_path.iterdir():
        os.utime(file, (old, old))
    LocalIssuer.made_in(tmp_path)
    assert administrator_token(tmp_path) != first
    assert (tmp_path / KEY_FILE).read_bytes() == key
    assert verifier_in(tmp_path).verify(first)
    assert verifier_in(tmp_path).verify(administrator_token(tmp_path))


def test_a_lost_key_ends_its_tokens(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    first = administrator_token(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    LocalIssuer.made_in(tmp_path)
    assert fault_of(verifier_in(tmp_path), first) is TokenFault.UNKNOWN_KEY
    assert verifier_in(tmp_path).verify(administrator_token(tmp_path))


def test_another_key_put_there_is_the_one_believed(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    issuer = LocalIssuer.made_in(tmp_path)
    assert verifier_in(tmp_path).verify(issuer.mint("staff/amal"))
    assert verifier_in(tmp_path).verify(administrator_token(tmp_path))


def test_what_is_minted_is_what_was_asked_for(tmp_path: Path):
    issuer = LocalIssuer.made_in(tmp_path)
    bound = base64url(b"x" * 32)
    token = issuer.mint("volunteers/3f2", "portal", [Role.AUDITOR], 60, certificate_thumbprint=bound)
    claims = verifier_in(tmp_path).verify(token)
    assert (claims.actor, claims.client, claims.roles) == ("volunteers/3f2", "portal", frozenset({Role.AUDITOR}))
    assert claims.certificate_sha256 == (b"x" * 32).hex()
    assert claims.expires_at <= time.time() + 60 + Settings().token_leeway_seconds


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("amal",), "is no actor"),
        (("staff/amal", "No Client"), "is no client"),
        (("staff/amal", "tests", [Role.COORDINATOR]), "the others are appointed"),
        (("staff/amal", "tests", [], DAY + 1), "24 hours at most"),
        (("staff/amal", "tests", [], 0), "24 hours at most"),
        (("staff/amal", "tests", [], float("nan")), "24 hours at most"),
    ],
    ids=str,
)
def test_nothing_is_minted_that_no_ledger_believes(tmp_path: Path, asked: tuple[Any, ...], says: str):
    with pytest.raises(ValueError, match=says):
        LocalIssuer.made_in(tmp_path).mint(*asked)


def test_a_broken_key_is_named(tmp_path: Path):
    (tmp_path / KEY_FILE).write_text("no key")
    with pytest.raises(PlaceNotUsable, match=r"issuer\.key cannot be read"):
        LocalIssuer.made_in(tmp_path)


# The command


def test_the_command_prints_a_token(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    options = ["--role", "auditor", "--client", "portal", "--minutes", "5", "--data-dir", str(tmp_path)]
    done = hours_ledger("token", "--actor", "staff/amal", *options)
    assert done.returncode == 0, done.stderr
    claims = verifier_in(tmp_path).verify(done.stdout.strip())
    assert (claims.actor, claims.client, claims.roles) == ("staff/amal", "portal", frozenset({Role.AUDITOR}))
    assert claims.expires_at <= time.time() + 5 * 60 + Settings().token_leeway_seconds


def test_the_command_says_what_is_wrong(tmp_path: Path):
    done = hours_ledger("token", "--actor", "staff/amal", "--data-dir", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no issuer of tokens; serve the embedded ledger there once" in done.stderr
    LocalIssuer.made_in(tmp_path)
    for wrong in (["--actor", "amal"], ["--actor", "staff/amal", "--role", "verifier"]):
        done = hours_ledger("token", *wrong, "--data-dir", tmp_path)
        assert (done.returncode, done.stdout) == (2, "")


# What commands show


def token_shown(caller: Caller) -> str:
    return dict(caller.metadata).get("authorization", "")


def test_a_given_token_comes_before_the_issuer_s(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    file = tmp_path / "given.token"
    file.write_text("from-a-file\n")
    given = {"LEDGER_TOKEN": "from-a-variable", "LEDGER_TOKEN_FILE": str(file)}
    caller = Caller(HERE, "staff/amal", credentials=credentials_for(HERE, tmp_path, given))
    assert token_shown(caller) == "Bearer from-a-variable"
    del given["LEDGER_TOKEN"]
    caller = Caller(HERE, "staff/amal", credentials=credentials_for(HERE, tmp_path, given))
    assert token_shown(caller) == "Bearer from-a-file"
    with pytest.raises(CredentialsMissing, match="acts for one person"):
        caller.acting_as("staff/verifier")


def test_the_issuer_lets_a_command_act_as_several(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    caller = Caller(HERE, "staff/amal", credentials=credentials_for(HERE, tmp_path, {}))
    verifier = verifier_in(tmp_path)
    for actor, roles in (("staff/amal", TOKEN_ROLES), ("volunteers/3f2", frozenset())):
        acting = caller.acting_as(actor)
        claims = verifier.verify(token_shown(acting).removeprefix("Bearer "))
        assert (claims.actor, claims.client, claims.roles) == (actor, "hours-ledger", roles)
        assert acting.metadata == acting.metadata


def test_the_issuer_s_tokens_are_not_shown_to_another_machine(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    caller = Caller(THERE, "staff/amal", credentials=credentials_for(THERE, tmp_path, {}))
    assert token_shown(caller) == ""


def test_a_token_does_not_leave_the_machine_in_the_clear(tmp_path: Path):
    given = {"LEDGER_TOKEN": "secret"}
    assert credentials_for(HERE, tmp_path, given).channel is None
    assert isinstance(credentials_for(THERE, tmp_path, given).channel, grpc.ChannelCredentials)
    assert credentials_for(THERE, tmp_path, {**given, "LEDGER_INSECURE": "1"}).channel is None


def test_tls_is_spoken_as_soon_as_something_of_it_is_named_and_a_certificate_needs_no_issuer(tmp_path: Path):
    authority = Authority.fresh()
    certificate, key, ca = (tmp_path / name for name in ("client.pem", "client.key", "ca.pem"))
    authority.client().write(certificate, key)
    ca.write_bytes(authority.pem)
    client = {"LEDGER_CLIENT_CERTIFICATE": str(certificate), "LEDGER_CLIENT_KEY": str(key)}
    LocalIssuer.made_in(tmp_path)
    for given in ({"LEDGER_SERVER_CA": str(ca)}, client, {**client, "LEDGER_SERVER_CA": str(ca)}):
        shown = credentials_for(HERE, tmp_path, given)
        assert isinstance(shown.channel, grpc.ChannelCredentials)
        assert bool(shown.token_for("staff/amal")) == ("LEDGER_CLIENT_KEY" not in given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"LEDGER_CLIENT_KEY": "absent"}, "set both of LEDGER_CLIENT_CERTIFICATE and LEDGER_CLIENT_KEY"),
        ({"LEDGER_SERVER_CA": "/absent/ca.pem"}, "LEDGER_SERVER_CA /absent/ca.pem cannot be read"),
        ({"LEDGER_TOKEN_FILE": "/absent/token"}, "LEDGER_TOKEN_FILE /absent/token cannot be read"),
        ({"LEDGER_TOKEN": "two tokens"}, "something else than one token"),
        ({"LEDGER_TOKEN": "tökén"}, "something else than one token"),
    ],
)
def test_what_cannot_be_shown_is_named(tmp_path: Path, given: dict[str, str], says: str):
    with pytest.raises(CredentialsMissing, match=says):
        credentials_for(HERE, tmp_path, given)


def test_an_actor_of_another_form_is_named(tmp_path: Path):
    LocalIssuer.made_in(tmp_path)
    caller = Caller(HERE, "amal", credentials=credentials_for(HERE, tmp_path, {}))
    with pytest.raises(CredentialsMissing, match="'amal' is no actor"):
        _ = caller.metadata
