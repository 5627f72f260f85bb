"""Who calls the services that are measured: one issuer a measurement, which every process of it shares."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

from ledger.access.caller import TOKEN_ROLES
from ledger.access.local_issuer import JWKS_FILE, LOCAL_AUDIENCE, LOCAL_ISSUER, LocalIssuer

CLIENT: Final = "bench"
_FOLDER: Final = "BENCH_ISSUER"
_LIFE_SECONDS: Final = 20 * 3_600


def acting_as(actor: str) -> tuple[tuple[str, str], ...]:
    """What a call carries."""
    return (("authorization", f"Bearer {_issuer().mint(actor, CLIENT, TOKEN_ROLES, _LIFE_SECONDS)}"),)


def trusting() -> dict[str, str]:
    """Settings of a service that believes it."""
    return {
        "token_issuer": LOCAL_ISSUER,
        "token_audience": LOCAL_AUDIENCE,
        "token_jwks": str(_folder() / JWKS_FILE),
        "first_clients": CLIENT,
    }


@lru_cache(1)
def _issuer() -> LocalIssuer:
    return LocalIssuer.made_in(_folder())


@lru_cache(1)
def _folder() -> Path:
    """Made by the first process, which removes it; those that it starts are told of it."""
    named = os.environ.get(_FOLDER)
    if named:
        return Path(named)
    folder = Path(tempfile.mkdtemp(prefix="hours-bench-issuer-"))
    os.environ[_FOLDER] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
