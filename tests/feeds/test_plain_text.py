"""HTML of a cell becomes lines; text that only looks like it stays."""

from __future__ import annotations

import pytest

from ledger.feeds.plain_text import cut, lines, one_line


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Bring gloves &amp; water.</p><p>At the pier.</p>", "Bring gloves & water.\n\nAt the pier."),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>Mondays</li><li>Fridays</li></ul>", "Mondays\n\nFridays"),
        ("<script>alert(1)</script>x<style>p{}</style>", "x"),
        ("age < 12 and > 3, R&D", "age < 12 and > 3, R&D"),
        ("<img src=x onerror=alert(1)>shore", "shore"),
        ("&lt;b&gt; is text", "<b> is text"),
        ("a\x00\x07b\x7fc\u00a0d", "a b c d"),
        ("قهوة <b>عربية</b>", "قهوة عربية"),
        ("a<br></br>b", "a\nb"),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
    ],
)
def test_html_becomes_lines(html, text):
    assert lines(html, html=True) == text


def test_a_title_is_one_line_and_html_can_be_off():
    assert one_line("<b>Read</b>\n with  me<br>now", html=True) == "Read with me now"
    assert one_line("use <brackets>", html=False) == "use <brackets>"


def test_a_cut_is_shown_and_falls_between_words():
    assert cut("short", 500) == "short"
    long = "word " * 200
    assert len(cut(long, 500)) <= 500
    assert cut(long, 500).endswith("word…")
    assert cut("x" * 600, 500) == "x" * 499 + "…"


@pytest.mark.parametrize("part", ["<", "<!", "<!--", "<![CDATA[", "&#", "<a ", "</", "<p>", "<a b='"])
def test_hostile_html_is_read_to_its_end(part):
    """However often something begins that never ends: it becomes text, or nothing."""
    told = lines(part * (10_000 // len(part)), html=True)
    assert len("".join(told)) <= 10_000
