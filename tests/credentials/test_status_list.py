"""Lists of status: the draft's own vectors, every place, and nothing that is no list."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.credentials.base64url import base64url
from ledger.credentials.issuer_keys import PublishedKeys
from ledger.credentials.status_list import (
    LIFE_SECONDS,
    PLACES,
    ReadStatusList,
    pack_statuses,
    read_status_list,
    verify_status_list,
    write_status_list,
)
from ledger.transparency.failures import Malformed, OutOfTree, SignatureRejected
from tests.credentials.sample_jwts import Json, jwt_of, parts_of
from tests.credentials.sample_statements import ISSUER, LIST_URI, NOW, World, issuer_key, published, signing

KEY = signing(issuer_key(1))


def read(packed: bytes) -> ReadStatusList:
    return read_status_list(write_status_list(LIST_URI, NOW, packed, KEY))


def test_the_draft_s_first_vector():
    """Section 4.1: bytes b9 a3; read two bits at a time, least significant first."""
    assert pack_statuses(enumerate([1, 2, 3, 2, 3, 0, 2, 2]), 8).hex() == "78dadbb918000217015d"


def test_the_draft_s_vector_of_two_bits():
    """Section 4.1: the statuses 1 2 0 3 0 1 0 1 1 2 3 3 are the bytes c9 44 f9."""
    packed = pack_statuses(enumerate([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]), 12)
    assert zlib.decompress(packed).hex() == "c944f9"
    assert base64url(packed) == "eNo76fITAAPfAgc"


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(0, PLACES - 1), st.sampled_from([0, 1, 2, 3]), max_size=40))
def test_every_place_has_its_status_and_all_others_none(taken):
    status_list = read(pack_statuses(taken.items()))
    assert {idx: status_list.value_at(idx) for idx in taken} == taken
    beside = {near for idx in taken for near in (idx - 1, idx + 1) if 0 <= near < PLACES} - set(taken)
    assert all(status_list.value_at(idx) == 0 for idx in beside)


def test_a_place_that_is_told_twice_has_its_last_status():
    assert read(pack_statuses([(5, 3), (5, 0), (6, 3), (6, 1)])).places[1] == 1 << 4


@pytest.mark.parametrize("idx", [-1, PLACES, 2**40])
def test_a_place_beyond_the_list_is_an_error(idx):
    with pytest.raises(OutOfTree):
        read(pack_statuses(())).value_at(idx)
    with pytest.raises(ValueError, match="cannot have status"):
        pack_statuses([(idx, 1)])


def test_a_status_of_more_than_two_bits_is_an_error():
    with pytest.raises(ValueError, match="cannot have status"):
        pack_statuses([(1, 4)])


def test_what_it_says_of_itself():
    told = parts_of(write_status_list(LIST_URI, NOW, pack_statuses(()), KEY))
    header, claims, _signature = told
    assert header == {"alg": "ES256", "typ": "statuslist+jwt", "kid": KEY.kid}
    assert {name: claims[name] for name in claims if name != "status_list"} == {
        "sub": LIST_URI,
        "iat": NOW,
        "exp": NOW + LIFE_SECONDS,
        "ttl": 60,
    }
    assert json.loads(json.dumps(claims))["status_list"]["bits"] == 2


def test_a_million_places_with_many_thousand_taken_are_packed_in_far_less_than_two_seconds():
    chance = random.Random(7)
    taken = [(idx, chance.choice((1, 3))) for idx in chance.sample(range(PLACES), 50_000)]
    began = time.process_time()
    pack_statuses(taken)
    assert time.process_time() - began < 1.5


def changed(**claims: object) -> str:
    header, before, _signature = parts_of(write_status_list(LIST_URI, NOW, pack_statuses(()), KEY))
    return jwt_of(header, {name: value for name, value in {**before, **claims}.items() if value is not ...}, KEY.sign)


def lst(packed: bytes, bits: object = 2) -> Json:
    return {"bits": bits, "lst": base64url(packed)}


FULL = bytes(PLACES // 4)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ...},
        {"sub": 1},
        {"iat": -1},
        {"iat": True},
        {"exp": ...},
        {"exp": NOW},
        {"ttl": 0},
        {"aggregation_uri": "https://hours.example"},
        {"status_list": {}},
        {"status_list": {"bits": 2, "lst": "+/=="}},
        {"status_list": lst(zlib.compress(FULL), bits=1)},
        {"status_list": lst(zlib.compress(FULL), bits=2.0)},
        {"status_list": lst(zlib.compress(FULL[:-1]))},
        {"status_list": lst(zlib.compress(FULL + b"\0"))},
        {"status_list": lst(zlib.compress(FULL)[:-1])},
        {"status_list": lst(zlib.compress(FULL) + b"\0")},
        {"status_list": lst(zlib.compress(FULL, wbits=-15))},
        {"status_list": lst(zlib.compress(FULL, wbits=31))},
        {"status_list": lst(FULL)},
        {"status_list": lst(b"")},
    ],
)
def test_what_is_no_list_of_ours_is_refused(claims):
    assert read_status_list(changed())
    with pytest.raises(Malformed):
        read_status_list(changed(**claims))


@pytest.mark.parametrize("text", ["", "a.b", "~", "x" * 700_000, "\u0660.\u0661.\u0662", "e30.e30.e30", "\ud800.."])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(Malformed):
        read_status_list(text)


def test_of_a_list_made_to_fill_memory_no_more_is_made_than_a_list_has():
    bomb = changed(status_list=lst(zlib.compress(bytes(256 * 1024 * 1024), 9)))
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            read_status_list(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_only_the_issuer_s_word_counts(world: World):
    verify_status_list(read_status_list(world.status_list(NOW)), world.keys)
    by_another = read_status_list(write_status_list(LIST_URI, NOW, pack_statuses(()), signing(issuer_key(5))))
    with pytest.raises(SignatureRejected, match="has no key"):
        verify_status_list(by_another, world.keys)


def test_a_list_under_a_revoked_key_never_holds_whatever_date_it_says():
    keys = PublishedKeys(ISSUER, (published(issuer_key(1), 0, None, NOW + 10),))
    with pytest.raises(SignatureRejected, match="revoked"):
        verify_status_list(read(pack_statuses(())), keys)
