"""The read database forgotten and made anew: from the topic alone, and from the event store."""

from __future__ import annotations

import psycopg
import pytest

from ledger import rebuild
from ledger.projections.rebuild import forget_rows
from ledger.settings import Settings
from tests.system import whole_programme
from tests.system.stored_history import opened_ledger
from tests.system.whole_ledger_audit import assert_audit_clean


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def settings(request, postgres, kafka) -> Settings:
    return whole_programme.everywhere(opened_ledger(postgres, kafka, request.param))


@pytest.mark.parametrize("source", ["kafka", "store"])
def test_the_rows_are_the_same_as_before(settings, source, capsys):
    before = rebuild.rows(settings)
    assert all(before.positions.values())
    assert rebuild.run(settings, source=source)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "equal hashes"
    assert lines[0].removeprefix("before: ") == lines[1].removeprefix("after: ")
    assert rebuild.rows(settings) == before
    assert_audit_clean(settings, settled=True)


def test_from_the_topic_alone_the_event_store_is_not_asked(settings):
    before = rebuild.rows(settings)
    nowhere = {"database": "", "relay_database": "", "owner_database": "", "keys_database": ""}
    assert rebuild.run(settings.model_copy(update=nowhere), source="kafka")
    assert rebuild.rows(settings) == before


def test_an_empty_read_database_is_filled_with_nothing_to_compare(settings, capsys):
    before = rebuild.rows(settings)
    forget_rows(settings.projector_database)
    assert rebuild.run(settings, source="store")
    assert capsys.readouterr().out.splitlines()[-1] == "filled; there was nothing to compare with"
    assert rebuild.rows(settings) == before


def test_a_row_that_was_changed_before_is_named_and_mended(settings, capsys):
    with psycopg.connect(settings.owner_read_database, autocommit=True) as superuser:
        superuser.execute("update balances set verified_seconds = verified_seconds + 1")
    assert not rebuild.run(settings, source="kafka")
    assert capsys.readouterr().out.splitlines()[-1] == "different: balances"
    assert_audit_clean(settings, settled=True)
