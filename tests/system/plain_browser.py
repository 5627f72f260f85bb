"""A browser without a window for pages for people: it keeps cookies, fills forms in, and says from where it comes."""

from __future__ import annotations

import html
import http.client
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

SECONDS_MAX: Final = 20
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    """Set-Cookie, as it stands."""
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def said(self) -> str:
        """The words of the page, without tags and marks of direction."""
        words = re.sub(r"<[^>]+>", " ", self.text.partition("<main")[2].partition("</main>")[0])
        return " ".join(re.sub("[\u2066-\u2069]", "", html.unescape(words)).split())

    def hidden(self, name: str, form: int = 0) -> str:
        """The value of a hidden field, in the form of that number."""
        forms = re.findall(r"<form.*?</form>", self.text.partition("<main")[2], re.DOTALL)
        found = re.search(rf'name="{name}" value="([^"]*)"', forms[form])
        assert found is not None, self.text
        return html.unescape(found[1])


@dataclass
class PlainBrowser:
    """One person's."""

    address: str
    """host:port."""
    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    @property
    def origin(self) -> str:
        return f"http://{self.address}"

    def get(self, path: str, **headers: str) -> Answer:
        return self._send("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str] | list[tuple[str, str]] | bytes, **headers: str) -> Answer:
        """From a page of the same site, unless a header says otherwise; an empty one is not sent."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        said = {"Origin": self.origin, "Content-Type": FORM} | {
            name.replace("_", "-"): one for name, one in headers.items()
        }
        return self._send("POST", path, body, {name: one for name, one in said.items() if one})

    def sign_in(self, token: str) -> Answer:
        return self.post("/sign-in", {"token": token})

    def press(self, path: str, fields: dict[str, str], form: int = 0) -> Answer:
        """Open a page and send one of its forms."""
        page = self.get(path)
        assert page.status == 200, page.said()
        carried = {name: page.hidden(name, form) for name in ("proof", "request_id")}
        return self.post(path, {**carried, **fields})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS_MAX)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            said = {"Accept-Language": self.language, **({"Cookie": cookie} if cookie else {}), **headers}
            connection.request(method, path, body, said)
            got = connection.getresponse()
            set_cookies = tuple(got.msg.get_all("set-cookie") or ())
            answer = Answer(
                got.status, {name.lower(): value for name, value in got.getheaders()}, set_cookies, got.read().decode()
            )
        finally:
            connection.close()
        self._keep(set_cookies)
        return answer

    def _keep(self, set_cookies: tuple[str, ...]) -> None:
        for one in set_cookies:
            name, _, value = one.partition(";")[0].partition("=")
            if "max-age=0" in one.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
