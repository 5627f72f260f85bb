"""What the settings say of pages for people, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger.access.caller import CLIENT_PATTERN
from ledger.loopback import is_loopback
from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class PagesPlace:
    """Where browsers find the pages, and from where a token may be posted."""

    client: str
    origin: str
    """Empty: whatever loopback address the browser names."""
    portals: frozenset[str]

    @property
    def is_secure(self) -> bool:
        """Whether browsers come over TLS, so that the cookie can be bound to it."""
        return self.origin.startswith("https://")


def pages_place(settings: Settings) -> PagesPlace:
    """As the settings say; `pages_faults` came before."""
    return PagesPlace(settings.pages_client, settings.pages_origin, frozenset(_portals(settings)))


def pages_faults(settings: Settings) -> Iterator[str]:
    """Why a service with such pages must not start, each with the name of its setting."""
    if not settings.pages_client:
        return
    if CLIENT_PATTERN.fullmatch(settings.pages_client) is None:
        yield "LEDGER_PAGES_CLIENT is no name of a client: 1 to 63 of a-z 0-9 . _ -"
    if not settings.token_issuer:
        yield "LEDGER_PAGES_CLIENT is set and LEDGER_TOKEN_ISSUER is not: nobody could sign in"
    if not settings.pages_key.get_secret_value():
        yield "LEDGER_PAGES_KEY is not set: no session could be sealed"
    if settings.pages_origin:
        yield from _fault_of_origin("LEDGER_PAGES_ORIGIN", settings.pages_origin)
    elif not is_loopback(settings.http_address.rpartition(":")[0]):
        yield "LEDGER_PAGES_ORIGIN is not set: say where browsers find the pages, such as https://hours.example"
    elif settings.production:
        yield "LEDGER_PAGES_ORIGIN is not set: in production the pages have an https address"
    for portal in _portals(settings):
        yield from _fault_of_origin("LEDGER_PAGES_PORTALS", portal)


def _portals(settings: Settings) -> list[str]:
    return settings.pages_portals.replace(",", " ").split()


def _fault_of_origin(variable: str, origin: str) -> Iterator[str]:
    """An origin as browsers write it (RFC 6454 section 6.2): it is compared letter by letter."""
    try:
        parts = urlsplit(origin)
        written, here = f"{parts.scheme}://{parts.netloc}", is_loopback(parts.hostname or "")
    except ValueError:
        yield f"{variable} holds what is no origin; write one such as https://hours.example"
        return
    if written != origin or origin != origin.lower() or not parts.netloc:
        yield f"{variable} must be an origin such as https://hours.example: small letters, no path, no slash at the end"
    elif parts.scheme != "https" and not (parts.scheme == "http" and here):
        yield f"{variable} must begin with https:// where it is not this machine: tokens and cookies travel there"
