"""Tokens as somebody writes them who keeps to no rule."""

from __future__ import annotations

import json
from collections.abc import Callable

from ledger.credentials.base64url import base64url, read_base64url

Json = dict[str, object]


def parts_of(jwt: str) -> tuple[Json, Json, bytes]:
    """Header, payload, signature."""
    header, payload, signature = (read_base64url(part, "jwt", "a part") for part in jwt.split("."))
    return json.loads(header), json.loads(payload), signature


def jwt_of(header: Json | bytes, payload: Json | bytes, sign: Callable[[bytes], bytes]) -> str:
    """A token with this header and payload; `sign` may do what it likes."""
    signed = ".".join(base64url(part if isinstance(part, bytes) else compact(part)) for part in (header, payload))
    return f"{signed}.{base64url(sign(signed.encode()))}"


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def with_jwt(credential: str, jwt: str) -> str:
    """The same disclosures behind another token."""
    return "~".join((jwt, *credential.split("~")[1:]))


def disclosures_of(credential: str) -> list[str]:
    return credential.split("~")[1:-1]


def with_disclosures(credential: str, disclosures: list[str]) -> str:
    return "~".join((credential.split("~")[0], *disclosures, ""))
