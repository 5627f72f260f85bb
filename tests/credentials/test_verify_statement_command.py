"""`hours-ledger verify statement` as it is typed: what it prints, how it ends, and never a trace."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
import typst

from ledger import command_line
from ledger.credentials.issuer_keys import write_issuer_document
from ledger.credentials.verify_statement import StatementEvidence
from tests.credentials.sample_statements import (
    NOW,
    Json,
    World,
    claims_of,
    organization_hours,
    shown_of_v1,
)

ATTACHED = {
    "statement.sd-jwt": "credential",
    "statement.event.json": "event",
    "statement.tlog-proof": "tlog_proof",
    "statement.balance-proof": "balance_proof",
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """An employer's folder, and the command in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def file(self, name: str, data: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    def run(self, *words: str) -> Ended:
        self.monkeypatch.setattr(sys, "argv", ["hours-ledger", *words])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        told = self.capsys.readouterr()
        assert "Traceback" not in told.err + told.out
        return Ended(int(ended.value.code or 0), told.out, told.err)

    def verify(self, file: str, *options: str) -> Ended:
        keys = str(self.folder / "issuer.json")
        return self.run(
            "verify", "statement", file, "--issuer-keys", keys, "--key", f"@{self.folder / 'log.vkeys'}", *options
        )


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch, world) -> Desk:
    desk = Desk(tmp_path, capsys, monkeypatch)
    desk.file("issuer.json", write_issuer_document(world.keys))
    desk.file("log.vkeys", f"{world.log.ed25519.key.line()}\n{world.log.ml_dsa.key.line()}\n")
    monkeypatch.setattr("ledger.commands.verify_statement.time.time", lambda: float(NOW))
    return desk


def pdf_of(evidence: StatementEvidence, **other: bytes) -> bytes:
    """A PDF with these files attached."""
    held = {name: getattr(evidence, field) for name, field in ATTACHED.items()}
    return pdf_with(
        {name: data.encode() if isinstance(data, str) else data for name, data in held.items() if data} | other
    )


def pdf_with(files: Mapping[str, bytes]) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    for name, data in files.items():
        writer.add_attachment(name, data)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


# What is valid


def test_a_pdf_is_enough(desk, world):
    file = desk.file("statement.pdf", pdf_of(world.evidence("everything")))
    status = desk.file("saved.status", world.status_list(NOW - 2 * 3_600 - 60) + "\n")
    ended = desk.verify(file, "--status", status)
    assert ended.code == 0, ended
    lines = ended.out.splitlines()
    assert lines[:3] == ["ش ا, issued 2026-11-20", "valid", "  6 h 0 min of verified hours"]
    assert "  name: شخص اصطناعي" in lines
    assert "  organisations: all" in lines
    assert "    جمعية اصطناعية / Synthetic Society green: 4 h 0 min, 2026-11-01 to 2026-11-20" in lines
    steps = [line.split()[0] for line in lines if line[14:].startswith(" holds")]
    assert steps == ["form", "signature", "disclosures", "log", "complete", "status"]
    assert lines[-1] == "the list of status is 2 h 1 min old"


def test_a_pdf_as_typst_makes_it(desk, world):
    evidence = world.evidence("everything")
    files = {name: getattr(evidence, field) for name, field in ATTACHED.items()}
    source = "".join(f'#pdf.attach("{name}", read("{name}", encoding: none))\n' for name in files)
    for name, data in files.items():
        desk.file(name, data)
    made = typst.compile(desk.file("made.typ", f"{source}Synthetic Person\n"))
    assert made is not None
    ended = desk.verify(desk.file("made.pdf", made))
    assert ended.code == 0, ended
    assert "complete     holds" in ended.out


def test_the_page_shows_what_is_printed(desk):
    """docs/verify.md, A statement."""
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text("utf-8")
    [section] = re.findall(r"^## A statement\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    [printed] = re.findall(r"^It prints$\n\n```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    world = World()
    claims = claims_of(world, "volunteers/v1", "s1", 1, initials="S P")
    hours = organization_hours("green", 21_600) | {"display_name": {"en": "Synthetic Society"}}
    as_of = json.loads(json.dumps(claims["as_of"])) | {"recorded_through": "2026-11-20T11:59:59Z"}
    shown: Json = {"full_name": "Synthetic Person", "organizations": [hours]}
    world.issue("page", claims | {"as_of": as_of}, shown)
    world.finish()
    desk.file("log.vkeys", f"{world.log.ed25519.key.line()}\n")
    status = desk.file("saved.status", world.status_list(NOW - 2 * 3_600 - 60))
    assert desk.verify(desk.file("statement.pdf", pdf_of(world.evidence("page"))), "--status", status).out == printed


def test_a_selection_says_of_what(desk, world):
    ended = desk.verify(desk.file("s.pdf", pdf_of(world.evidence("selection"))))
    assert ended.code == 0
    assert "  period: 2026-01-01 to 2026-12-31" in ended.out
    assert "  organisations: only organizations/green, organizations/blue" in ended.out
    assert "  holds until 2027-02-18" in ended.out
    assert "complete     not shown: that a selection leaves nothing out" in ended.out


def test_a_bare_credential_and_that_its_status_is_not_known(desk, world):
    ended = desk.verify(desk.file("s.txt", world.evidence("transcript").credential + "\n"))
    assert ended.code == 0
    assert ended.out.startswith("S P, issued 2026-11-20\nvalid\n  2 h 1 min 30 s of verified hours\n")
    assert "log          not shown: the event and its proof were not given" in ended.out
    assert "its status is not known" in ended.out.splitlines()[-1]


def test_a_bare_credential_with_its_files(desk, world):
    evidence = world.evidence("everything")
    files = [
        word
        for option, data in (
            ("--event", evidence.event),
            ("--proof", evidence.tlog_proof),
            ("--balance-proof", evidence.balance_proof),
            ("--status", evidence.status_list),
        )
        for word in (option, desk.file(f"{option[2:]}.file", data))
    ]
    ended = desk.verify(desk.file("s.txt", evidence.credential), *files, "--json")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert told["state"] == "valid"
    assert {step["outcome"] for step in told["steps"]} == {"holds"}
    assert told["claims"]["verified_seconds"] == 21_600
    assert told["disclosed"]["full_name"] == "شخص اصطناعي"
    assert told["status_age_seconds"] == 60


def test_a_file_beside_it_is_taken_before_what_is_attached(desk, world):
    file = desk.file("s.pdf", pdf_of(world.evidence("everything")))
    ended = desk.verify(file, "--event", desk.file("e", world.evidence("bare").event))
    assert (ended.code, ended.out.splitlines()[0]) == (1, "NOT VERIFIED: it fails at the step log")


# What is not


@pytest.mark.parametrize(("value", "word"), [(1, "revoked"), (3, "superseded")])
def test_revoked_and_superseded(desk, world, value, word):
    evidence = world.evidence("everything", value=value)
    ended = desk.verify(desk.file("s.pdf", pdf_of(evidence)), "--status", desk.file("s.status", evidence.status_list))
    assert ended.code == 1
    assert ended.out.splitlines()[0] == "ش ا, issued 2026-11-20"
    assert ended.out.splitlines()[1].startswith(word)
    assert ("شخص" in ended.out) == (word == "superseded"), "of what was revoked nothing is told but whose it was"


def test_expired(desk, world, monkeypatch):
    monkeypatch.setattr("ledger.commands.verify_statement.time.time", lambda: float(NOW + 100 * 86_400))
    ended = desk.verify(desk.file("s.pdf", pdf_of(world.evidence("selection"))))
    assert ended.code == 1
    assert "expired: it holds no more" in ended.out


def test_a_list_of_status_may_be_asked_to_be_fresher(desk, world):
    file = desk.file("s.pdf", pdf_of(world.evidence("everything")))
    status = desk.file("s.status", world.status_list(NOW - 7_200))
    assert desk.verify(file, "--status", status).code == 0
    ended = desk.verify(file, "--status", status, "--status-age-max-hours", "1.5")
    assert ended.code == 1
    assert "7200 s old, and at most 5400 s are allowed" in ended.out


def test_of_what_fails_nothing_is_told_but_the_steps(desk, world):
    evidence = replace(world.evidence("everything"), balance_proof=world.balance_proof("volunteers/v2"))
    for options in ((), ("--json",)):
        ended = desk.verify(desk.file("s.pdf", pdf_of(evidence)), *options)
        assert ended.code == 1
        assert "شخص" not in ended.out
        assert "ش ا" not in ended.out
        assert "complete" in ended.out


def test_no_text_of_a_statement_steers_the_terminal(desk):
    world = World()
    shown = {**shown_of_v1(), "full_name": "\x1b[2Jx\u202egnp", "organizations": [organization_hours("green", 21_600)]}
    world.issue("odd", claims_of(world, "volunteers/v1", "s1", 1, initials="\x07Y"), shown)
    world.finish()
    ended = desk.verify(desk.file("s.txt", world.evidence("odd").credential))
    assert ended.code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out)


# What holds only a link, and what cannot be read


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"GIF89a" + bytes(100),
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"https://hours.example/s/abcdefghijklmnopqrstuvwxyz\n",
        b"https://hours.example/s/abcdefghijklmnopqrstuvwxyz#" + b"0" * 64,
        b"abcdefghijklmnopqrstuvwx23",
    ],
)
def test_a_link_or_a_picture_of_one_needs_the_network(desk, data):
    file = desk.file("qr", data)
    ended = desk.verify(file)
    assert ended.code == 2
    assert ended.out.startswith("needs network")
    told = json.loads(desk.verify(file, "--json").out)
    assert told["state"] == "needs_network"


def hostile_pdfs(world: World) -> dict[str, bytes]:
    good = pdf_of(world.evidence("everything"))
    chance = random.Random(11)
    bomb = zlib.compress(bytes(300 * 1024 * 1024), 9)
    made = {
        "header alone": b"%PDF-1.7\n",
        "no attachment": pdf_with({}),
        "others attached": pdf_with({"evil.sd-jwt": b"x"}),
        "truncated": good[: len(good) // 2],
        "no end": good[:-200],
        "noise": b"%PDF-1.7\n" + chance.randbytes(20_000),
        "a circle": good.replace(b"/Names", b"/Kids ", 1),
        "bomb": good.replace(b"stream\n", b"stream\n" + bomb, 1),
        "credential of bytes": pdf_with({"statement.sd-jwt": b"\xff\xfe\x00"}),
        "credential too long": pdf_with({"statement.sd-jwt": b"a" * 1_000_001}),
    }
    for number in range(30):
        data = bytearray(good)
        for _ in range(20):
            data[chance.randrange(len(data))] = chance.randrange(256)
        made[f"flipped {number}"] = bytes(data)
    return made


def test_hostile_pdfs_are_told_in_words(desk, world):
    codes = {}
    for name, data in hostile_pdfs(world).items():
        ended = desk.verify(desk.file("evil.pdf", data))
        codes[name] = ended.code
        assert ended.code in (0, 1, 2), name
        # 0 only where the bytes that were changed say nothing.
        assert ended.code != 0 or "ش ا, issued 2026-11-20\nvalid\n  6 h 0 min" in ended.out, name
        assert ended.out or ended.err, name
    assert {codes[name] for name in codes if not name.startswith("flipped")} == {2}


def test_a_name_that_is_attached_twice_is_not_guessed_at(desk, world):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    for name in ("everything", "selection"):
        writer.add_attachment("statement.sd-jwt", world.evidence(name).credential.encode())
    written = BytesIO()
    writer.write(written)
    ended = desk.verify(desk.file("two.pdf", written.getvalue()))
    assert ended.code == 2
    assert "attached 2 times" in " ".join(ended.err.split()), ended.err


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"PK\x03\x04\xff\xff" + bytes(50), bytes(2_000_000)])
def test_what_is_neither_is_told(desk, data):
    assert desk.verify(desk.file("x", data)).code == 2


@pytest.mark.parametrize("text", ["", "hello", "a.b.c~", "{}", "<html>"])
def test_a_text_that_is_no_credential_fails_at_its_form(desk, text):
    ended = desk.verify(desk.file("x", text))
    assert (ended.code, ended.out.splitlines()[0]) == (1, "NOT VERIFIED: it fails at the step form")


def test_files_and_keys_that_are_not_what_they_should_be(desk, world):
    file = desk.file("s.txt", world.evidence("everything").credential)
    assert desk.verify(str(desk.folder / "none")).code == 2
    assert desk.verify(str(desk.folder)).code == 2
    assert desk.verify(file, "--status", desk.file("s", b"\xff")).code == 2
    assert desk.verify(file, "--event", str(desk.folder / "none")).code == 2
    assert desk.verify(file, "--key", "no key").code == 2
    desk.file("issuer.json", "{}")
    assert desk.verify(file).code == 2
    assert desk.run("verify", "statement", file).code == 2


# The words


def test_a_file_called_statement_is_reached_as_its_path_and_verify_is_as_before(desk, world):
    evidence = world.evidence("everything")
    proof, event = desk.file("statement", evidence.tlog_proof), desk.file("event.json", evidence.event)
    ended = desk.run("verify", proof, "--key", f"@{desk.folder / 'log.vkeys'}", "--event", event)
    assert ended.code == 0, ended
    assert ended.out.startswith("verified: the log holds these bytes at position")
    desk.monkeypatch.chdir(desk.folder)
    assert desk.run("verify", "./statement", "--key", "@log.vkeys", "--event", "event.json").code == 0


def test_it_asks_no_network_and_loads_nothing_that_could(desk, world):
    file = desk.file("s.pdf", pdf_of(world.evidence("everything")))
    words = ["hours-ledger", "verify", "statement", file, "--issuer-keys", str(desk.folder / "issuer.json")]
    program = (
        "import sys, socket\n"
        "def none(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = none\n"
        f"sys.argv = {words!r}\n"
        "from ledger.command_line import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "valid"


# Keys of the issuer


def test_keys_are_made_rotated_revoked_and_published_by_commands(desk, monkeypatch):
    path = desk.folder / "statement.keys"
    monkeypatch.setenv("LEDGER_STATEMENT_KEYS", str(path))
    monkeypatch.setenv("LEDGER_STATEMENT_ISSUER", "https://hours.example")
    first = desk.run("keys", "--new-statement-key").out.strip()
    second = json.loads(desk.run("keys", "--new-statement-key", "--overlap-days", "7", "--json").out)["kid"]
    assert desk.run("keys", "--revoke-statement-key", first, "--at", "2026-11-20T12:00:00Z").code == 0
    published = json.loads(desk.run("keys", "--issuer").out)
    assert published["issuer"] == "https://hours.example"
    old, new = published["jwks"]["keys"]
    assert (old["kid"], old["revoked_at"], new["kid"]) == (first, 1_795_176_000, second)
    assert 7 * 86_400 <= old["valid_until"] - old["valid_from"] < 7 * 86_400 + 60
    assert "valid_until" not in new
    assert "d" not in old


def test_keys_that_cannot_be_had_are_told(desk, monkeypatch):
    monkeypatch.setenv("LEDGER_DATABASE", "postgresql://nowhere/x")
    ended = desk.run("keys", "--issuer")
    assert (ended.code, "LEDGER_STATEMENT_KEYS is not set" in ended.err) == (2, True)
    monkeypatch.setenv("LEDGER_STATEMENT_KEYS", str(desk.folder / "none"))
    assert desk.run("keys", "--revoke-statement-key", "x").code == 1
    assert desk.run("keys", "--new-statement-key", "--issuer").code == 2
    assert desk.run("keys", "--revoke-statement-key", "x", "--at", "yesterday").code == 2
