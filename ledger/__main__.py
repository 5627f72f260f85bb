"""`python -m ledger` is `hours-ledger`."""

from __future__ import annotations

from ledger.command_line import main

if __name__ == "__main__":
    main()
