"""Documents for people: a statement as a PDF in Arabic and English, which is a reading of its credential."""
