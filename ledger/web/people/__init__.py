"""Pages for volunteers, coordinators and verifiers: thin clients of the gRPC methods (docs/pages-for-people.md)."""
