"""Whatever bytes come: rows, or a refusal in words; and never anything else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sheets.guessing import guessed_mapping
from ledger.sheets.table import FileUnreadable
from tests.sheets.making import HEADER, archive, inline, raw
from tests.sheets.reading import mapping, read

BY = mapping('duration = "duration"\n', sheet='encoding = "cp1252"')
PIECES = st.lists(
    st.sampled_from(
        (b"id", b"volunteer", b"duration", b",", b'"', b"\n", b"\r", b"\xd9\x82", b"\xff", b"\x00", b";", b"7:30")
    )
)
CELLS = st.lists(
    st.sampled_from(
        (
            *(inline("7:30"), "<c/>", '<c t="s"><v>0</v></c>', '<c t="x"><v>1</v></c>', "<c><f>A1</f></c>"),
            *("<c><v>1e400</v></c>", "<c><v>nan</v></c>", '<c s="1"><v>9e9</v></c>', '<c t="d"><v>x</v></c>', "<row/>"),
            *(
                '<c r="ZZZ1"/>',
                '<c r="D2"><v>2</v></c>',
                "<v>1</v>",
                "<is><t>x</t></is>",
                '<c t="b"><v/></c>',
                "<c><c/></c>",
            ),
        )
    )
)
STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'


@settings(deadline=None, max_examples=200)
@given(PIECES)
def test_any_text(pieces):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.csv"
        file.write_bytes(b"id,volunteer,duration\n" + b"".join(pieces))
        outcome = read(file, BY)
        assert all(problem.line > 1 and problem.what and problem.right for problem in outcome.problems)
        guess(file)


def guess(file: Path) -> None:
    with suppress(FileUnreadable):
        assert guessed_mapping(file, "attendances", None)


@settings(deadline=None, max_examples=200)
@given(CELLS, CELLS)
def test_any_sheet(first, second):
    with TemporaryDirectory() as folder:
        rows = f"<row>{''.join(first)}</row><row>{''.join(second)}</row>"
        file = archive(raw(HEADER + rows, shared="<si><t>a</t></si>", styles=STYLES))(Path(folder))
        outcome = read(file, BY)
        assert all(problem.line > 1 and problem.what and problem.right for problem in outcome.problems)
        assert outcome.refused is None or outcome.refused.right
