"""Identity numbers: one form whatever the digits, a check digit that can be switched off, a keyed hash."""

import hashlib
import hmac

import pytest

from ledger.access.identity_keys import IdentityKeys
from ledger.domain.identity import normalized_number
from ledger.domain.refusals import Refusal
from ledger.settings import WrongSetting

SECRET = b"synthetic secret of tests"


def refused(identity_type, number, **options) -> Refusal:
    with pytest.raises(Refusal) as raised:
        normalized_number(identity_type, number, **options)
    return raised.value


@pytest.mark.parametrize("number", ["1058529940", "١٠٥٨٥٢٩٩٤٠", "۱۰۵۸۵۲۹۹۴۰", "10585٢٩٩٤٠"])
def test_arabic_and_persian_digits_are_the_same_number(number):
    assert normalized_number("national_id", number) == "1058529940"


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
        ("passport", "A-12345"),
        ("passport", ""),
    ],
)
def test_a_number_of_another_form_is_refused_and_not_repeated(identity_type, number):
    refusal = refused(identity_type, number)
    assert refusal.reason.name == "IDENTITY_INVALID"
    assert refusal.details == {}


def test_the_check_digit_can_be_switched_off():
    assert normalized_number("iqama", "2000000000", verify_check_digit=False) == "2000000000"
    assert refused("iqama", "1000000000", verify_check_digit=False).reason.name == "IDENTITY_INVALID"


def test_passports_are_compared_in_capital_letters():
    assert normalized_number("passport", "ab١٢345") == "AB12345"


def test_the_unique_key_is_an_hmac_of_type_and_number():
    keys = IdentityKeys(SECRET)
    expected = hmac.new(SECRET, b"national_id:1058529940", hashlib.sha256).digest()
    assert keys.key_of("national_id", "١٠٥٨٥٢٩٩٤٠") == expected
    assert IdentityKeys(b"another synthetic secret").key_of("national_id", "1058529940") != expected
    assert keys.key_of("passport", "1058529940") != expected


def test_a_short_secret_is_no_secret():
    with pytest.raises(WrongSetting, match="LEDGER_IDENTITY_KEY"):
        IdentityKeys(b"short")
