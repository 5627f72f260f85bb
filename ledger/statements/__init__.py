"""Statements: issuing them, sharing them, what follows corrections, and who may see what of them."""
