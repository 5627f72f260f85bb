"""A witness of transparency logs, run apart from them: it cosigns only what continues what it cosigned before."""
