"""What the ledger is measured against, each in its best documented setting and each a small program of its own."""
