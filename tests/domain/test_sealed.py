"""Seals: they open only with the person's key, for the ledger, person, event and field they were made for."""

import re
from dataclasses import replace

import pytest

from ledger.access.seal import key_id_of, new_key, open_seal, seal_text
from ledger.domain.refusals import InvariantBroken
from ledger.domain.sealed import SEALED_PATTERN, SealedField

LEDGER, ANA, EVENT, PATH = "test-ledger", "volunteers/ana", "e" * 32, "details.full_name"
KEY = new_key(ANA)


def sealed(text: str) -> SealedField:
    return SealedField(ANA, EVENT, PATH, seal_text(KEY, LEDGER, EVENT, PATH, text))


@pytest.mark.parametrize("text", ["Ana", "", "آنا محمد", "x" * 10_000])
def test_a_seal_opens_to_its_text(text):
    field = sealed(text)
    assert re.fullmatch(SEALED_PATTERN, field.sealed)
    assert key_id_of(field.sealed) == KEY.key_id
    assert open_seal(KEY, LEDGER, field) == text


def test_two_seals_of_one_text_differ():
    assert sealed("Ana").sealed != sealed("Ana").sealed


@pytest.mark.parametrize("changes", [{"person": "volunteers/ben"}, {"event_id": "f" * 32}, {"path": "details.email"}])
def test_a_seal_does_not_open_in_another_place(changes):
    with pytest.raises(InvariantBroken, match="does not open there"):
        open_seal(KEY, LEDGER, replace(sealed("Ana"), **changes))


def test_a_seal_does_not_open_in_another_ledger_or_with_another_key():
    with pytest.raises(InvariantBroken):
        open_seal(KEY, "another-ledger", sealed("Ana"))
    with pytest.raises(InvariantBroken):
        open_seal(replace(new_key(ANA), key_id=KEY.key_id), LEDGER, sealed("Ana"))


def test_what_a_seal_is_bound_to_is_joined_unambiguously():
    moved = seal_text(KEY, LEDGER, f'{EVENT}","x', "y", "Ana")
    with pytest.raises(InvariantBroken):
        open_seal(KEY, LEDGER, SealedField(ANA, EVENT, 'x","y', moved))


def test_a_changed_letter_does_not_open():
    whole = sealed("Ana").sealed
    nonce_at = whole.index(".", 3) + 1
    for place in (nonce_at, whole.rindex(".") + 1, len(whole) - 2):
        other = "A" if whole[place] != "A" else "B"
        with pytest.raises(InvariantBroken):
            open_seal(KEY, LEDGER, SealedField(ANA, EVENT, PATH, whole[:place] + other + whole[place + 1 :]))


def test_keys_do_not_show_themselves():
    assert KEY.key.hex() not in repr(KEY)
    assert repr(KEY.key) not in repr(KEY)
