"""Signatures and keys, as the independent auditor takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import independent_audit as auditor
from tests.independent_audit.export_builder import (
    ORIGIN,
    SEED,
    b64,
    ed25519_public,
    ed25519_sign,
    key_id,
    signature_line,
    vkey,
)
from tests.independent_audit.running import first_finding, run


def test_ed25519_of_rfc_8032_section_7_1() -> None:
    vectors = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]  # fmt: skip
    for public, message, signature in vectors:
        arguments = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
        assert auditor.ed25519_verifies(*arguments)
        assert not auditor.ed25519_verifies(arguments[0], arguments[1] + b"x", arguments[2])


def test_ed25519_is_strict() -> None:
    public, signature = ed25519_public(SEED), ed25519_sign(SEED, b"m")
    high = int.from_bytes(signature[32:], "little") + auditor.GROUP_ORDER
    assert auditor.ed25519_verifies(public, b"m", signature)
    assert not auditor.ed25519_verifies(public, b"m", signature[:32] + high.to_bytes(32, "little"))
    assert not auditor.ed25519_verifies(public, b"m", signature[:63])
    assert auditor.decode_point((auditor.PRIME + 1).to_bytes(32, "little")) is None
    assert auditor.decode_point((1 | 1 << 255).to_bytes(32, "little")) is None
    assert auditor.decode_point((2).to_bytes(32, "little")) is None


@pytest.mark.parametrize("wrong", [
    "", "a", "a+b", "a+00000000+AQ==", vkey(ORIGIN)[:-1], vkey(ORIGIN).replace("+", "+0", 1), vkey(ORIGIN, 2),
    vkey("with space"), vkey(ORIGIN, 1, (2).to_bytes(32, "little")), vkey(ORIGIN) + " ",
])  # fmt: skip
def test_a_wrong_key_is_wrong_usage(small: Path, wrong: str) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run(small, "--key", wrong)
    assert exit_info.value.code == 2


def test_wrong_usage(tmp_path: Path) -> None:
    for arguments in ([], [str(tmp_path / "absent")], [str(tmp_path), "--unknown"]):
        with pytest.raises(SystemExit) as exit_info:
            auditor.main(arguments)
        assert exit_info.value.code == 2


def test_the_key_of_another_log_does_not_pass(small: Path) -> None:
    assert "no Ed25519 key" in first_finding(small, "--key", vkey("other.example/log/0"))["problem"]
    other = vkey(ORIGIN, 1, ed25519_public(bytes(32)))
    assert "is missing" in first_finding(small, "--key", other)["problem"]
    assert "is missing" in first_finding(small, "--key", vkey(ORIGIN), "--key", other)["problem"]


def test_ml_dsa_44_is_looked_for_but_not_checked(small: Path) -> None:
    public = bytes(1312)
    keys = ["--key", vkey(ORIGIN), "--key", vkey(ORIGIN, 6, public)]
    assert "is missing" in first_finding(small, *keys)["problem"]
    for file_name, name in (("checkpoint", ORIGIN), ("balances", ORIGIN + "/balances")):
        path = small / "0" / file_name
        line = f"— {name} {b64(key_id(name, 6, public) + bytes(8 + 2420))}\n"
        path.write_bytes(path.read_bytes() + line.encode())
    assert run(small, *keys)[0] == 0
    path.write_bytes(path.read_bytes()[:-10] + b"\n")
    assert first_finding(small, *keys)["field"] == "balances signature line"


def test_the_log_key_does_not_sign_balances_under_its_own_name(small: Path) -> None:
    path = small / "0" / "balances"
    text = path.read_text("utf-8").split("\n\n")[0] + "\n"
    path.write_text(text + "\n" + signature_line(ORIGIN, text), "utf-8")
    assert first_finding(small, "--key", vkey(ORIGIN))["field"] == "balances"
