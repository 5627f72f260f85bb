"""What no file of the service does, whatever it is given: run texts, load objects, speak to a shell, weak ciphers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).parents[2]
FILES: Final = sorted(file for folder in ("ledger", "consumers") for file in (PROJECT / folder).rglob("*.py"))
MODULES: Final = (
    # They make objects or run what a text says.
    "pickle", "marshal", "shelve", "code", "codeop", "runpy", "yaml", "jinja2", "mako",
    # Parsers and protocols with injections of their own.
    "xml", "lxml", "html", "ldap", "ldap3", "smtplib", "imaplib", "pymemcache",
    # They follow redirections, or go where the environment sends them.
    "urllib.request", "requests", "httpx", "aiohttp", "urllib3",
    # Ciphers, paddings and hashes to be chosen one by one: the only cipher is AES-GCM, of `ciphers.aead`.
    "cryptography.hazmat.primitives.ciphers.modes", "cryptography.hazmat.primitives.ciphers.algorithms",
    "cryptography.hazmat.primitives.asymmetric.padding", "cryptography.fernet", "Crypto",
)  # fmt: skip
CALLS: Final = re.compile(
    r"eval|exec|compile|__import__|importlib\.(import_module|reload)|os\.(system|popen|exec\w*|spawn\w*)"
    r"|asyncio\.create_subprocess_shell|hashlib\.(new|md5|sha1)|random\.\w+|secrets\.choice|uuid\.uuid[13]|tempfile\.mktemp"
)
ALLOWED: Final = {
    ("ledger/generator/synthetic_plan.py", "random.Random"): "invents people, the same ones for the same seed",
    ("ledger/log_keeping/old_entries.py", "random.randrange"): "chooses where a walk begins, of which all is walked",
    ("ledger/child_process.py", "os.execvpe"): "becomes a program by a list of arguments",
}
IMPORTS_ALLOWED: Final = {
    "ledger/feeds/plain_text.py": (
        "html",
        "takes tags out of cells that are bounded; what is left is text, and escaped",
    ),
    "ledger/web/check/page_files.py": ("jinja2", "fills templates of its own package, and every value is escaped"),
    "ledger/web/people/people_files.py": ("jinja2", "fills templates of its own package, and every value is escaped"),
    "ledger/web/impact/impact_pages.py": ("jinja2", "fills a template of its own package, and every value is escaped"),
}
SQL: Final = re.compile(r"\b(select|insert into|update \w+ set|delete from|order by|from \w+ where)\b")
PUT_TOGETHER: Final = {
    "ledger/audit.py",
    "ledger/projections/directory_rows.py",
    "ledger/projections/persons_behind.py",
    "ledger/projections/summary_statements.py",
    "ledger/recorder.py",
}
"""Whose statements have parts that are no constants: each is one of a few texts of the same file, never of a caller."""


def calls_of(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported_by(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden_in(place: str, text: str) -> set[str]:
    """What stands in this file and must not."""
    tree = ast.parse(text)
    allowed, _ = IMPORTS_ALLOWED.get(place, ("", ""))
    modules = [module for module in MODULES if module != allowed]
    found = {name for name in imported_by(tree) for module in modules if f"{name}.".startswith(f"{module}.")}
    for name, call in calls_of(tree):
        if CALLS.fullmatch(name) and (place, name) not in ALLOWED:
            found.add(name)
        if any(word.arg == "shell" for word in call.keywords):
            found.add("shell=")
    return found


def parts_of_statements(text: str) -> set[str]:
    """What is put into SQL and is no constant of its module: values always go beside the statement, as parameters."""
    return {
        ast.unparse(part.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.JoinedStr) and SQL.search(ast.unparse(node))
        for part in node.values
        if isinstance(part, ast.FormattedValue)
        if not re.fullmatch("[A-Z_]+", ast.unparse(part.value))
    }


def name_of(file: Path) -> str:
    return file.relative_to(PROJECT).as_posix()


def test_no_file_does_what_is_dangerous_with_a_text_of_somebody():
    found = {name_of(file): forbidden_in(name_of(file), file.read_text("utf-8")) for file in FILES}
    assert len(FILES) > 100
    assert not {name: what for name, what in found.items() if what}


def test_what_is_allowed_is_there_for_its_reason():
    for name, call in ALLOWED:
        assert call in {found for found, _ in calls_of(ast.parse((PROJECT / name).read_text("utf-8")))}, (name, call)


def test_statements_are_made_of_constants():
    assert {name_of(file) for file in FILES if parts_of_statements(file.read_text("utf-8"))} == PUT_TOGETHER


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from xml import etree", "import xml.etree.ElementTree", "from urllib.request import urlopen",
        "from cryptography.hazmat.primitives.ciphers import modes", "eval(text)", "import os\nos.system(text)",
        "subprocess.run(text, shell=True)", "hashlib.md5(text)", "importlib.import_module(text)", "random.random()",
    ],
)  # fmt: skip
def test_what_must_not_be_is_noticed(text):
    assert forbidden_in("ledger/new.py", text)


def test_a_value_in_a_statement_is_noticed():
    assert parts_of_statements('c.execute(f"select 1 from events where id = {request.id}")') == {"request.id"}
    assert not parts_of_statements('c.execute(f"select {_NAMES} from events where id = %s")')
