"""What hours are worth: rates by date, and money that adds up. Pure functions."""
