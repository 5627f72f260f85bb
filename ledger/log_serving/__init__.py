"""Reading the transparency log as it is kept: checkpoints, tiles, entries and proofs for whoever asks."""
