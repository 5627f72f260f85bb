"""What tests ask of the impact report of LEEDS 2023: as an answer, as files and as the public page."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import urllib.request
import zipfile
from pathlib import Path

from tests.system.served_ledger import answered, hours_ledger

YEAR = "2023-01-01..2024-12-31"
CLASSES = ("recorded", "claimed", "attended", "verified", "disputed", "withheld", "reversed")


def report(leeds, *arguments: str):
    served, positions = leeds
    done = hours_ledger(
        "report", "impact", "--period", YEAR, "--positions", positions, "--json", *arguments, address=served.grpc
    )
    return answered(done)


def ledger_totals(leeds, *arguments: str) -> dict[str, int]:
    served, positions = leeds
    return {
        name: answered(
            hours_ledger(
                *("report", "--by", "month", "--period", YEAR, "--positions", positions, "--measure", name),
                *("--json", *arguments),
                address=served.grpc,
            )
        )["total_seconds"]
        for name in CLASSES
    }


def totals(told) -> dict[str, int]:
    return {name: int(told.get(f"{name}_seconds", 0)) for name in CLASSES}


def totals_are_the_ledgers(leeds, *as_of: str) -> None:
    """Its totals are those of SummarizeHours, and every table adds up to them."""
    told = report(leeds, *as_of)
    expected = ledger_totals(leeds, *as_of)
    assert expected["recorded"] > 3600 * 7000
    assert totals(told["total"]) == expected
    assert len(told["tables"]) == 5
    for table in told["tables"]:
        summed = [totals(row["seconds"]) for row in table["rows"]]
        assert {name: sum(one[name] for one in summed) for name in CLASSES} == expected
    assert told["persons_min"] == 5


def inflated_shift_is_withheld(leeds) -> None:
    """Until it is withdrawn."""
    clock = ("--clock", "source")
    before = report(leeds, "--as-of", "2023-06-17T23:38:46Z", *clock)["total"]
    after = report(leeds, "--as-of", "2023-06-19T23:39:33Z", *clock)["total"]
    assert int(before["withheld_seconds"]) - int(after.get("withheld_seconds", 0)) == 1200 * 3600


def published_on_the_page(leeds) -> None:
    """Once it is closed, for anybody, in both languages."""
    served, positions = leeds
    assert "No period has been published yet." in page(served.http, "/impact?lang=en")
    closed = hours_ledger(
        *("period", "close", "leeds-2023", "--period", YEAR, "--positions", positions, "--json"), address=served.grpc
    )
    assert answered(closed)
    deadline = time.monotonic() + 20
    while '<svg class="chart"' not in page(served.http, "/impact"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    arabic, english = page(served.http, "/impact"), page(served.http, "/impact?lang=en")
    assert '<html lang="ar" dir="rtl">' in arabic
    assert '<html lang="en" dir="ltr">' in english
    hours = f"{round(ledger_totals(leeds)['recorded'] / 3600):,}"
    for told in (arabic, english):
        assert hours in told
        assert told.count('<svg class="chart" role="img"') == 5
        assert "<script" not in told
        assert "style=" not in told
    assert page(served.http, "/impact/leeds-2023?lang=en").replace("/impact/leeds-2023?", "/impact?") == english


def leaves_as_every_file(leeds, tmp_path: Path) -> None:
    """With the same totals."""
    served, positions = leeds
    made = {}
    for ending in ("json", "csv", "xlsx", "pdf"):
        out = tmp_path / f"impact.{ending}"
        done = hours_ledger(
            *("report", "impact", "--period", YEAR, "--positions", positions, "--out", out), address=served.grpc
        )
        assert done.returncode == 0, done.stderr
        made[ending] = out.read_bytes()
    recorded = ledger_totals(leeds)["recorded"]
    assert int(json.loads(made["json"])["total"]["recorded_seconds"]) == recorded
    lines = list(csv.DictReader(io.StringIO(made["csv"].decode())))
    assert [line["value"] for line in lines if (line["table"], line["measure"]) == ("total", "recorded_seconds")] == [
        str(recorded)
    ]
    book = zipfile.ZipFile(io.BytesIO(made["xlsx"]))
    assert not [name for name in book.namelist() if name.startswith("xl/worksheets") and b"<f>" in book.read(name)]
    assert made["pdf"].startswith(b"%PDF-1.7")


def shown_in_the_terminal(leeds) -> None:
    """With bars."""
    served, positions = leeds
    done = hours_ledger("report", "impact", "--period", YEAR, "--positions", positions, address=served.grpc)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Hours recorded +[0-9,]{5,}", done.stdout)
    assert "█" in done.stdout


def page(address: str, path: str) -> str:
    with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
        assert answer.status == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        return str(answer.read(), "utf-8")
