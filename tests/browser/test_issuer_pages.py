"""What programs and wallets fetch of an issuer: keys, lists of status, the type; and the page's own files."""

from __future__ import annotations

import json

import pytest

from ledger.credentials.issuer_keys import read_issuer_document
from ledger.credentials.status_list import read_status_list, verify_status_list
from ledger.web.site import site
from tests.browser.sample_statement import ISSUER
from tests.browser.served_site import reading_nothing
from tests.browser.test_share_links import get


def test_the_issuers_keys_and_a_list_of_status_are_everybodys(origin):
    status, headers, document = get(f"{origin}/.well-known/jwt-vc-issuer")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert headers["access-control-allow-origin"] == "*"

    status, headers, token = get(f"{origin}/statements/status/0-0")
    assert (status, headers["content-type"]) == (200, "application/statuslist+jwt")
    assert headers["access-control-allow-origin"] == "*"
    assert "max-age=60" in headers["cache-control"]
    status_list = read_status_list(token)
    verify_status_list(status_list, read_issuer_document(document.encode()))
    assert status_list.uri == f"{ISSUER}/statements/status/0-0"


@pytest.mark.parametrize("place", ["0-1", "1-0", "0", "0-", "-0", "00-0", "0-0-0", "x-0"])
def test_a_list_that_there_is_not_is_not_found(origin, place):
    assert get(f"{origin}/statements/status/{place}")[0] == 404


def test_the_type_of_statements_is_named_in_both_languages(origin):
    _, headers, text = get(f"{origin}/vct/statement/1")
    metadata = json.loads(text)
    assert headers["content-type"] == "application/json"
    assert metadata["vct"] == f"{ISSUER}/vct/statement/1"
    assert {each["locale"] for each in metadata["display"]} == {"ar", "en"}


def test_files_of_the_page_are_asked_for_again_and_sent_once(origin):
    status, headers, script = get(f"{origin}/check/check.js")
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "openLink" in script
    assert get(f"{origin}/check/check.js", **{"If-None-Match": headers["etag"]})[0] == 304
    assert get(f"{origin}/check/check.css")[1]["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["texts.py", "templates", "__init__.py", "nothing.js"])
def test_no_other_file_is_given(origin, name):
    assert get(f"{origin}/check/{name}")[0] == 404


def test_without_a_desk_there_are_no_such_pages():
    application = site(*reading_nothing(), lambda: True)
    assert not any(getattr(route, "path", "").startswith(("/s/", "/check")) for route in application.routes)
