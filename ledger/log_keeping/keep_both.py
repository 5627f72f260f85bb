"""One keeper process for both ledgers, of hours and of accesses; `python -m ledger.log_keeping.keep_both`.

Each has a thread, connections and a signer's folder of its own: they share nothing but their end.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from ledger.access_ledger.access_settings import access_settings
from ledger.garbage import look_for_cycles_less_often
from ledger.log_keeping import keeper
from ledger.logs import configure
from ledger.process_end import run_as_process
from ledger.settings import Settings


def run(settings: Settings, *, stop: threading.Event) -> None:
    """Keep both logs until `stop` is set, or one of them ends. Raises as `keeper.run` does."""
    ledgers = (settings, access_settings(settings))
    with ThreadPoolExecutor(len(ledgers), "keep-log") as threads:
        kept = [threads.submit(keeper.run, one, stop=stop) for one in ledgers]
        wait(kept, return_when=FIRST_COMPLETED)
        stop.set()
    for one in kept:
        one.result()


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    configure("keep-log")
    look_for_cycles_less_often()
    run_as_process(lambda stop: run(Settings(), stop=stop))


if __name__ == "__main__":
    main()
