"""The commands of `hours-ledger`, one file each. Those that ask a service are its ordinary gRPC clients."""
