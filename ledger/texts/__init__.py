"""The catalogue: every text for people, in Arabic and in English. `catalogue` gathers it; each part has its module."""
