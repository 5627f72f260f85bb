"""Credentials: what a statement says, how it is signed, its status, how a stranger checks it. No service is asked."""
