"""Live sessions: who is there now, what is stored of it, the hours that follow, and the certified peak."""
