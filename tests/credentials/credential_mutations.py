"""Ways to change a credential's text: its disclosures, its claims, its signature, its spelling."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.verify_statement import StatementEvidence
from ledger.transparency.failures import TransparencyFailure
from tests.credentials.sample_jwts import compact, disclosures_of, jwt_of, parts_of, with_disclosures, with_jwt
from tests.credentials.sample_statements import Json, Statement, issuer_key, signing

if TYPE_CHECKING:
    from tests.credentials.mutants import Change, Ground

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LOOK_ALIKES: Final = {
    "S": "Ѕ",
    "P": "Р",
    "e": "е",
    "o": "о",
    "a": "а",
    "i": "і",
    "ش": "ڜ",
    "ا": "ٱ",
    "0": "O",
    "1": "l",
}
"""Cyrillic and other letters that look like those."""


@dataclass(frozen=True)
class Kind:
    """One kind of change, and whether a statement changed so may hold all the same."""

    apply: Change
    may_hold: bool = False


def texts(change: Callable[[Ground, Statement, str], str | None]) -> Change:
    """A change of the credential's text alone."""

    def apply(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
        try:
            changed = change(ground, statement, evidence.credential)
        except (TransparencyFailure, ArithmeticError, ValueError, IndexError, KeyError, TypeError):
            return None  # it was changed before so that this cannot be done any more
        return None if changed is None or changed == evidence.credential else replace(evidence, credential=changed)

    return apply


# Disclosures


def left_out(ground: Ground, _: Statement, text: str) -> str | None:
    shown = disclosures_of(text)
    return with_disclosures(text, ground.chance.sample(shown, ground.chance.randrange(len(shown)))) if shown else None


def reordered(ground: Ground, _: Statement, text: str) -> str | None:
    return with_disclosures(text, ground.chance.sample(shown := disclosures_of(text), len(shown)))


def duplicated(ground: Ground, _: Statement, text: str) -> str | None:
    shown = disclosures_of(text)
    return with_disclosures(text, [*shown, ground.chance.choice(shown)])


def foreign(ground: Ground, statement: Statement, text: str) -> str | None:
    """Of another statement, of the same person or another one, there or elsewhere."""
    others = [
        one for world in (ground.world, ground.other) for one in world.statements.values() if one is not statement
    ]
    added = ground.chance.choice(disclosures_of(ground.chance.choice(others).evidence.credential))
    shown = disclosures_of(text)
    at = ground.chance.randrange(len(shown) + 1)
    return with_disclosures(text, [*shown[:at], added, *shown[at + ground.chance.randrange(2) :]])


def _one_disclosure(change: Callable[[random.Random, list[object]], object]) -> Change:
    def changed(ground: Ground, _: Statement, text: str) -> str | None:
        shown = disclosures_of(text)
        at = ground.chance.randrange(len(shown))
        read = json.loads(read_base64url(shown[at], "disclosure", "it"))
        shown[at] = base64url(compact(change(ground.chance, read)))
        return with_disclosures(text, shown)

    return texts(changed)


def more_hours(_: random.Random, read: list[object]) -> object:
    """In a list, seconds are moved between its members too: the sum stays."""
    value = json.dumps(read[2], ensure_ascii=False)
    return [read[0], read[1], json.loads(value.replace("3600", "7200").replace("2026", "2025").replace("ي", "ی"))]


def look_alike(chance: random.Random, read: list[object]) -> object:
    return [read[0], read[1], json.loads(_look_alike(chance, json.dumps(read[2], ensure_ascii=False)))]


def _look_alike(chance: random.Random, text: str) -> str:
    places = [at for at, one in enumerate(text) if one in LOOK_ALIKES and one not in "01"]
    at = chance.choice(places)
    return text[:at] + LOOK_ALIKES[text[at]] + text[at + 1 :]


def other_name(chance: random.Random, read: list[object]) -> object:
    return [read[0], chance.choice(("verified_seconds", "full_name", "sub", "_sd", "...", "years")), read[2]]


def other_salt(_: random.Random, read: list[object]) -> object:
    return [str(read[0])[::-1], *read[1:]]


def array_element(_: random.Random, read: list[object]) -> object:
    return [read[0], read[2]]


# Claims


def _claims_changed(ground: Ground, claims: Json) -> Json:
    """One claim is another one."""
    chance, read = ground.chance, json.loads(json.dumps(claims))
    changes: list[Callable[[], object]] = [
        lambda: read.update(verified_seconds=read["verified_seconds"] + chance.choice((1, 3_600, -60))),
        lambda: read.update(initials=chance.choice(("X Y", "S P ", "ش", ""))),
        lambda: read.update(sub="volunteers/v3"),
        lambda: read.update(sub="volunteers/v3", statement="volunteers/v3/statements/s1"),
        lambda: read.update(statement=f"{read['sub']}/statements/s9"),
        lambda: read.update(kind="transcript" if read["kind"] == "statement" else "statement"),
        lambda: read.update(period={"from": "2020-01-01"}),
        lambda: read.update(only_organizations=["organizations/red"]),
        lambda: read.update(iat=read["iat"] + chance.choice((-86_400, 86_400))),
        lambda: read.pop("exp", None) or read.update(exp=read["iat"] + 10**9),
        lambda: read["as_of"].update(size=read["as_of"]["size"] + chance.choice((-1, 1))),
        lambda: read["as_of"].update(origin="evil.example/log/0"),
        lambda: read["as_of"].update(root=base64url(chance.randbytes(32)) + "="),
        lambda: read["status"]["status_list"].update(idx=chance.randrange(1 << 20)),
        lambda: read["status"]["status_list"].update(uri="https://hours.example/statements/status/0-2"),
        lambda: read["status"]["status_list"].update(uri="https://evil.example/statements/status/0-1"),
        lambda: read.update(iss="https://evil.example", vct="https://evil.example/vct/statement/1"),
        lambda: read.update(vct="https://hours.example/vct/statement/2"),
        lambda: read.pop("_sd", None) or read.update(_sd=[base64url(chance.randbytes(32))]),
        lambda: read.update(cnf={"jwk": {}}),
    ]
    chance.choice(changes)()
    return dict(read)


def claims_changed(ground: Ground, _: Statement, text: str) -> str | None:
    """Under the old signature."""
    header, claims, signature = parts_of(text.split("~")[0])
    return with_jwt(text, jwt_of(header, _claims_changed(ground, claims), lambda _: signature))


def claims_signed_by_another(ground: Ground, _: Statement, text: str) -> str | None:
    """Under the same kid, or under that of the key that signed."""
    header, claims, _old = parts_of(text.split("~")[0])
    other = signing(issuer_key(ground.chance.choice((77, 2))))
    if ground.chance.random() < 0.5:
        header["kid"] = other.kid
    return with_jwt(text, jwt_of(header, _claims_changed(ground, claims), other.sign))


def claim_look_alike(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, signature = parts_of(text.split("~")[0])
    changed = _look_alike(ground.chance, compact(claims).decode())
    return with_jwt(text, jwt_of(header, changed.encode(), lambda _: signature))


def claim_twice(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, signature = parts_of(text.split("~")[0])
    name = ground.chance.choice(list(claims))
    added = b'{"%s":%s,' % (name.encode(), compact(ground.chance.choice((1, "x", claims[name]))))
    return with_jwt(text, jwt_of(header, added + compact(claims)[1:], lambda _: signature))


def payload_of_another(ground: Ground, statement: Statement, text: str) -> str | None:
    other = ground.any_statement().evidence.credential.split("~")[0].split(".")
    own = text.split("~")[0].split(".")
    at = ground.chance.randrange(3)
    return with_jwt(text, ".".join(other[part] if part == at else own[part] for part in range(3)))


# Header and signature


def no_algorithm(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, signature = parts_of(text.split("~")[0])
    header["alg"] = ground.chance.choice(("none", "None", "NONE", "nOnE", ""))
    left = ground.chance.choice((b"", signature))
    return with_jwt(text, jwt_of(header, _claims_changed(ground, claims), lambda _: left))


def secret_from_public_key(ground: Ground, _: Statement, text: str) -> str | None:
    """HS256 under what everybody knows."""
    header, claims, _old = parts_of(text.split("~")[0])
    public = ground.world.private.public_key()
    secrets = (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        str(header["kid"]).encode(),
    )
    header["alg"], secret = "HS256", ground.chance.choice(secrets)
    claims = _claims_changed(ground, claims)
    return with_jwt(text, jwt_of(header, claims, lambda signed: hmac.digest(secret, signed, hashlib.sha256)))


def another_algorithm(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, signature = parts_of(text.split("~")[0])
    header["alg"] = ground.chance.choice(("EdDSA", "Ed25519", "ES384", "ES512", "ES256K", "RS256", "es256", "ES256 "))
    ed25519 = Ed25519PrivateKey.from_private_bytes(ground.chance.randbytes(32))
    sign = ed25519.sign if ground.chance.random() < 0.5 else lambda _: signature
    return with_jwt(text, jwt_of(header, claims, sign))


def header_brings_its_key(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, _old = parts_of(text.split("~")[0])
    other = issuer_key(78)
    numbers = other.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": base64url(numbers.x.to_bytes(32)), "y": base64url(numbers.y.to_bytes(32))}
    header |= ground.chance.choice(
        ({"jwk": jwk}, {"jku": "https://evil.example/keys"}, {"x5c": ["MIIB"]}, {"crit": ["exp"]}, {"b64": False})
    )
    return with_jwt(text, jwt_of(header, claims, signing(other).sign))


def another_header(ground: Ground, _: Statement, text: str) -> str | None:
    """Signed by the issuer's own key, of what is no statement's header: confusion of types."""
    header, claims, _old = parts_of(text.split("~")[0])
    key = signing(ground.world.private)
    changes: list[Json] = [{"typ": "JWT"}, {"typ": "vc+sd-jwt"}, {"typ": "statuslist+jwt"}, {"cty": "x"}]
    changes += [{"kid": "x" * 43}, {"kid": ""}, {"typ": "DC+SD-JWT"}, {"alg": "ES256", "crit": []}]
    return with_jwt(text, jwt_of(header | ground.chance.choice(changes), claims, key.sign))


def header_twice(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, _old = parts_of(text.split("~")[0])
    twice = (
        b'{"alg":"none",' + compact(header)[1:]
        if ground.chance.random() < 0.5
        else compact(header)[:-1] + b',"kid":"x"}'
    )
    return with_jwt(text, jwt_of(twice, claims, signing(ground.world.private).sign))


def high_s(_: Ground, __: Statement, text: str) -> str | None:
    header, claims, signature = text.split("~")[0].split(".")
    raw = read_base64url(signature, "jwt", "signature")
    other = raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    return with_jwt(text, f"{header}.{claims}.{base64url(other)}")


def odd_signature(ground: Ground, _: Statement, text: str) -> str | None:
    header, claims, signature = text.split("~")[0].split(".")
    raw, chance = read_base64url(signature, "jwt", "signature"), ground.chance
    r, order = raw[:32], ORDER.to_bytes(32)
    key: EllipticCurvePrivateKey = ground.world.private
    odd = (
        b"",
        bytes(64),
        r + bytes(32),
        bytes(32) + raw[32:],
        order + raw[32:],
        r + order,
        raw[32:] + r,
        raw + b"\0",
        b"\0" + raw,
        raw[:-1],
        key.sign(f"{header}.{claims}".encode(), ECDSA(SHA256(), deterministic_signing=True)),
        chance.randbytes(64),
    )
    return with_jwt(text, f"{header}.{claims}.{base64url(chance.choice(odd))}")


# Spelling


def loose_base64(ground: Ground, _: Statement, text: str) -> str | None:
    """The same bytes in another spelling, in any part."""
    chance = ground.chance
    parts = [*text.split("~")[0].split("."), *disclosures_of(text)]
    # The signature oftener: nothing else is over its own spelling.
    at = chance.choice((2, chance.randrange(len(parts))))
    part = parts[at]
    if chance.random() < 0.5 and len(part) % 4:
        # The unused bits of the last character.
        unused = {2: 15, 3: 3}[len(part) % 4]
        number = ALPHABET.index(part[-1])
        parts[at] = part[:-1] + ALPHABET[number ^ chance.randint(1, unused)]
    else:
        loose = (part + "=", part + "==", part.replace("-", "+", 1), part.replace("_", "/", 1), part + "\n", " " + part)
        parts[at] = chance.choice(loose)
    return "~".join((".".join(parts[:3]), *parts[3:], ""))


def loose_json(ground: Ground, _: Statement, text: str) -> str | None:
    """The same claims, signed by the old signature over other spaces or order."""
    header, claims, signature = parts_of(text.split("~")[0])
    spaced = json.dumps(claims, indent=ground.chance.choice((None, 1)), sort_keys=ground.chance.random() < 0.5).encode()
    return with_jwt(text, jwt_of(header, spaced, lambda _: signature))


def loose_ends(ground: Ground, _: Statement, text: str) -> str | None:
    key = signing(ground.world.private)
    binding = jwt_of({"alg": "ES256", "typ": "kb+jwt"}, {"iat": 1, "aud": "x", "nonce": "y", "sd_hash": "z"}, key.sign)
    ends = (text[:-1], text + "~", "~" + text, text + binding, text.replace("~", "~~", 1), text.replace(".", "..", 1))
    others = (text.partition("~")[0], text.replace(".", ".\u200b", 1), text + "\u200f", text.swapcase(), "", "~", "..~")
    return ground.chance.choice((*ends, *others))


def truncated(ground: Ground, _: Statement, text: str) -> str | None:
    return text[: ground.chance.randrange(len(text))]


def characters_changed(ground: Ground, _: Statement, text: str) -> str | None:
    chance, characters = ground.chance, list(text)
    for _times in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(characters))
        match chance.randrange(3):
            case 0:
                characters[at] = chance.choice(ALPHABET)
            case 1:
                characters.insert(at, chance.choice(ALPHABET + ".~ ="))
            case _:
                del characters[at]
    return "".join(characters)


def of_another_world(ground: Ground, statement: Statement, _: str) -> str | None:
    """The same words, signed by another issuer of this name."""
    return ground.other.statements[statement.name].evidence.credential


CREDENTIAL_CHANGES: Final[dict[str, Kind]] = {
    "left_out": Kind(texts(left_out), may_hold=True),
    "reordered": Kind(texts(reordered), may_hold=True),
    "duplicated": Kind(texts(duplicated)),
    "foreign": Kind(texts(foreign)),
    "more_hours": Kind(_one_disclosure(more_hours)),
    "look_alike": Kind(_one_disclosure(look_alike)),
    "other_name": Kind(_one_disclosure(other_name)),
    "other_salt": Kind(_one_disclosure(other_salt)),
    "array_element": Kind(_one_disclosure(array_element)),
    "claims_changed": Kind(texts(claims_changed)),
    "claims_signed_by_another": Kind(texts(claims_signed_by_another)),
    "claim_look_alike": Kind(texts(claim_look_alike)),
    "claim_twice": Kind(texts(claim_twice)),
    "payload_of_another": Kind(texts(payload_of_another)),
    "no_algorithm": Kind(texts(no_algorithm)),
    "secret_from_public_key": Kind(texts(secret_from_public_key)),
    "another_algorithm": Kind(texts(another_algorithm)),
    "header_brings_its_key": Kind(texts(header_brings_its_key)),
    "another_header": Kind(texts(another_header)),
    "header_twice": Kind(texts(header_twice)),
    "high_s": Kind(texts(high_s)),
    "odd_signature": Kind(texts(odd_signature)),
    "loose_base64": Kind(texts(loose_base64)),
    "loose_json": Kind(texts(loose_json)),
    "loose_ends": Kind(texts(loose_ends)),
    "truncated": Kind(texts(truncated), may_hold=True),
    "characters_changed": Kind(texts(characters_changed)),
    "of_another_world": Kind(texts(of_another_world)),
}
"""Truncated right behind a disclosure it is the same statement with less of it."""
