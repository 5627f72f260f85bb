"""Checks of an installation: one file a subject."""
