"""Tables of the ledger as files: CSV, XLSX, Parquet and JSON lines. Nothing is held but a page at a time."""
