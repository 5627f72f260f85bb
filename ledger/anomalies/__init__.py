"""What a human should look at: pure functions from facts, which the database has added up, to findings."""
