"""The public page of impact: what was published, for anybody, without an account (docs/impact.md)."""
