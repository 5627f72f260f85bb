"""Asks a person on a terminal. Standard output is left to the mapping that comes of it."""

from __future__ import annotations

import sys

from ledger.sheets.guessed_dates import Question


def ask_on_terminal(question: Question) -> str:
    """The choice, by its number or its text; or any text; empty where the person does not know."""
    print(f"\n{question.text}  [{question.name}]", file=sys.stderr)
    for sample in question.samples:
        print(f"    {sample}", file=sys.stderr)
    for number, choice in enumerate(question.choices, 1):
        print(f"  {number}. {choice}", file=sys.stderr)
    while True:
        print("(empty: I do not know) > ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
        if not answer or not question.choices or answer in question.choices:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(question.choices):
            return question.choices[int(answer) - 1]
        print(f"write a number from 1 to {len(question.choices)}", file=sys.stderr)
