"""`python -m tests.documents.impact_pictures`: pictures of the impact of LEEDS 2023 in docs/pictures, made anew."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import launched_browser
from tests.documents.pictures import FOLDER, png_of
from tests.system.impact_of_leeds import YEAR, page
from tests.system.served_ledger import HISTORY, answered, hours_ledger, served_in_a_folder

PAGES = (("ar-phone", "ar", 390, 2600), ("en-desktop", "en", 1100, 1500))


def main() -> None:
    """Import, publish, and look."""
    with served_in_a_folder(1) as served, tempfile.TemporaryDirectory() as folder:
        done = answered(hours_ledger("import", "leeds2023", HISTORY, "--json", address=served.grpc))
        upto = ("--positions", f"0:{done['positions'][0]['position']}")
        answered(hours_ledger("period", "close", "leeds-2023", "--period", YEAR, *upto, "--json", address=served.grpc))
        out = Path(folder) / "impact.pdf"
        hours_ledger("report", "impact", "--period", YEAR, *upto, "--out", out, address=served.grpc)
        (FOLDER / "impact-document-1.png").write_bytes(png_of(out.read_bytes(), 0))
        while '<svg class="chart"' not in page(served.http, "/impact"):
            time.sleep(0.1)
        with sync_playwright() as playwright:
            browser = launched_browser(playwright)
            for name, language, width, height in PAGES:
                tab = browser.new_page(viewport={"width": width, "height": height})
                tab.goto(f"http://{served.http}/impact?lang={language}")
                tab.screenshot(path=FOLDER / f"impact-page-{name}.png")
            browser.close()


if __name__ == "__main__":
    main()
