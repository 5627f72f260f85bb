"""How words meet: pure functions from texts and questions to keys, and from keys to ranked results. No I/O."""
