"""Identity numbers: one form whatever the digits, a check digit that can be switched off, a keyed hash."""

import hashlib
import hmac

import pytest

from ledger.access.identity_keys import IdentityKeys
from ledger.domain.identity import document, document_of
from ledger.domain.refusals import Refusal
from ledger.settings import WrongSetting

SECRET = b"synthetic secret of tests"


def refused(identity_type, number, **options) -> Refusal:
    with pytest.raises(Refusal) as raised:
        document(identity_type, number, **options)
    return raised.value


@pytest.mark.parametrize(
    "number",
    [
        "1058529940",
        "١٠٥٨٥٢٩٩٤٠",
        "۱۰۵۸۵۲۹۹۴۰",
        "10585٢٩٩٤٠",
        "１０５８５２９９４０",
        "1-0585-29940",
        "١٠٥٨ ٥٢٩ ٩٤٠",
        "1058\u00a0529\u202f940",
        "\u200f1058529940\u200e",
        "1058－529−940",
    ],
)
def test_it_is_the_same_number_however_its_digits_are_written_and_grouped(number):
    assert document("national_id", number).number == "1058529940"


@pytest.mark.parametrize(
    ("identity_type", "number"),
    [
        ("national_id", "1058529941"),  # check digit
        ("national_id", "2058529940"),
        ("national_id", "105852994"),
        ("national_id", "10585299400"),
        ("national_id", "1058529940\n"),
        ("national_id", "१०५८५२९९४०"),  # Devanagari digits are digits to Python, not to the registry
        ("iqama", "1058529940"),
        ("passport", "A123"),
        ("passport", "A" * 21),
        ("passport", "A_12345"),
        ("passport", "А12345"),  # the Cyrillic letter
        ("other_national", "123"),
        ("passport", ""),
    ],
)
def test_a_number_of_another_form_is_refused_and_not_repeated(identity_type, number):
    refusal = refused(identity_type, number)
    assert refusal.reason.name == "IDENTITY_INVALID"
    assert refusal.details == {}


def test_the_check_digit_can_be_switched_off():
    assert document("iqama", "2000000000", verify_check_digit=False).number == "2000000000"
    assert refused("iqama", "1000000000", verify_check_digit=False).reason.name == "IDENTITY_INVALID"


def test_passports_are_compared_in_capital_letters():
    assert document("passport", "ab-١٢345", "jo").number == "AB12345"
    assert document("passport", "ａｂ12345", "JO") == document("passport", "AB 12345", "JO")


@pytest.mark.parametrize("number", ["12.345.678-K", "12345678k", "12 345 678/K"])
def test_numbers_of_other_countries_are_compared_without_what_stands_between(number):
    found = document("other_national", number, "CL")
    assert (found.kind, found.number) == ("other_national/CL", "12345678K")


@pytest.mark.parametrize(
    ("identity_type", "number", "country", "kind"),
    [
        ("national_id", "1058529940", "", "national_id"),
        ("national_id", "1058529940", "SA", "national_id"),
        ("passport", "AB12345", "", "passport"),
        ("passport", "AB12345", "SA", "passport/SA"),
        ("passport", "AB12345", "XK", "passport/XK"),
        ("other_national", "784123456789012", "AE", "other_national/AE"),
    ],
)
def test_a_kind_says_type_and_country_and_is_read_back(identity_type, number, country, kind):
    found = document(identity_type, number, country)
    assert found == document_of(kind, number)
    assert found.kind == kind
    assert number not in repr(found)


@pytest.mark.parametrize(
    ("identity_type", "number", "country"),
    [
        ("national_id", "1058529940", "JO"),
        ("passport", "AB12345", "JOR"),
        ("passport", "AB12345", "QA1"),
        ("passport", "AB12345", "KS"),
        ("passport", "AB12345", "٣٢"),
        ("other_national", "12345678", ""),
        ("other_national", "1058529940", "SA"),  # it has a type of its own: one person would be two
    ],
)
def test_who_issued_it_must_be_a_country(identity_type, number, country):
    refusal = refused(identity_type, number, country=country)
    assert (refusal.reason.name, refusal.details) == ("IDENTITY_COUNTRY_INVALID", {})


@pytest.mark.parametrize("kind", ["", "licence", "passport/", "licence/JO"])
def test_a_sealed_kind_that_is_none_is_told(kind):
    assert document_of(kind, "AB12345") is None


def test_the_unique_key_is_an_hmac_of_type_country_and_number():
    keys = IdentityKeys(SECRET)
    found = keys.document("national_id", "١٠٥٨٥٢٩٩٤٠")
    expected = hmac.new(SECRET, b"national_id:1058529940", hashlib.sha256).digest()
    assert keys.key_of(found) == expected
    assert IdentityKeys(b"another synthetic secret").key_of(found) != expected
    passports = [keys.key_of(keys.document("passport", "1058529940", country)) for country in ("", "JO", "EG", "SA")]
    assert len({expected, *passports}) == 5
    assert passports[1] == hmac.new(SECRET, b"passport/JO:1058529940", hashlib.sha256).digest()


def test_a_short_secret_is_no_secret():
    with pytest.raises(WrongSetting, match="LEDGER_IDENTITY_KEY"):
        IdentityKeys(b"short")
