"""Documents for people: a statement as a PDF in Arabic and English. What it says stands in the credential; this reads it."""
