"""Tables of the ledger as files: CSV, XLSX, Parquet and JSON lines. Nothing here asks for more than one page at a time."""
