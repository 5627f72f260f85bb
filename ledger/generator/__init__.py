"""Synthetic persons and scale. Everything made here says that it is synthetic; the same seed makes the same."""
