"""Keeping the transparency log: events become leaves of tiles, tree heads are signed, remembered and published."""
