"""Who is calling, what they may do, and the keys of persons."""
