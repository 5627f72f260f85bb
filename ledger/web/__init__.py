"""The HTTP side of `serve`: the transparency log as tiles, proofs, health and metrics. Reading only."""
