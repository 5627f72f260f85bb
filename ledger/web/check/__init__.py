"""The check page: what an employer sees, and the script that verifies a statement in their browser."""
