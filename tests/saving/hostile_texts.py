"""Texts that a spreadsheet would compute, or a careless reader lose."""

from __future__ import annotations

HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "'=1",
    "''=1",
    "'",
    "'til tomorrow",
    '=HYPERLINK("http://example.org","look")',
    '"quoted", and more',
    "two\r\nlines",
    "نخلة، =١",
    "",
    "{=1}",
    "http://example.org",
    "1E5",
    "0012",
    "_x0041_",
)
