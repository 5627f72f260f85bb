"""An export: the folder of `docs/format.md` ("An export"), written from a served log and read back by anybody."""
