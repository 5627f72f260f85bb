"""Difficult files, one test each: read exactly right, or refused with line, column, what is there, what is right."""

from __future__ import annotations

import pytest

from tests.sheets.csv_cases import CSV_CASES
from tests.sheets.foreign_cases import FOREIGN_CASES
from tests.sheets.reading import Case, Says, read
from tests.sheets.xlsx_cases import XLSX_CASES

CASES = (*CSV_CASES, *XLSX_CASES, *FOREIGN_CASES)


def says(expected: Says, line: int, column: str, what: str, right: str) -> bool:
    """Whether a person is told what is expected, and what would be right at all."""
    told = (expected.line, expected.column) == (line, column) and expected.what in what and expected.right in right
    return told and bool(what) and bool(right)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_it_is_read_right_or_refused_with_the_reason(case: Case, tmp_path):
    outcome = read(case.make(tmp_path), case.mapping)
    refused = outcome.refused
    if case.refused is None:
        assert refused is None
    else:
        assert refused is not None
        assert says(case.refused, refused.line, "", refused.what, refused.right), str(refused)
    assert outcome.rows == case.rows
    assert len(outcome.problems) == len(case.problems), outcome.problems
    for expected, problem in zip(case.problems, outcome.problems, strict=True):
        assert says(expected, problem.line, problem.column, problem.what, problem.right), str(problem)
    assert len(outcome.notes) == len(case.notes), outcome.notes
    for told, note in zip(case.notes, outcome.notes, strict=True):
        assert told in note


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 45
