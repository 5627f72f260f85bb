"""The jars of a Kafka broker, brought once by Maven into `build/kafka-jars` as `deploy/kafka/pom.xml` says.

Works from a checkout of this project: `python -m ledger.kafka_jars`, or by itself when a broker is first started.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from ledger.folder_lock import FolderLock

PROJECT = Path(__file__).resolve().parent.parent
POM = PROJECT / "deploy" / "kafka" / "pom.xml"
LOG_SETTINGS = POM.with_name("log4j2.yaml")
JARS = PROJECT / "build" / "kafka-jars"


class ProgramMissing(RuntimeError):
    """Java or Maven is not on this machine, or Maven could not do its work."""


def need_program(name: str, package: str) -> str:
    """The path of a program; raises ProgramMissing, naming what to install."""
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(
            f"the program `{name}` is missing: install {package}; `make java` does it when run as root"
        )
    return found


def fetch_jars() -> Path:
    """Have Maven bring the broker's jars, unless they are here, and return their folder. Parallel callers wait."""
    wanted = JARS / re.sub(r"[^0-9.]", "", _kafka_version())
    if wanted.exists():
        return wanted
    JARS.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(JARS)
    lock.take(wait=True)
    try:
        if not wanted.exists():
            # If we crash while they come, the half-filled folder has another name.
            unfinished = JARS / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _run_maven(unfinished)
            unfinished.rename(wanted)
    finally:
        lock.release()
    return wanted


def _kafka_version() -> str:
    found = re.search(r"<kafka.version>(.*)</kafka.version>", POM.read_text("utf-8"))
    if found is None:
        raise ProgramMissing(f"no <kafka.version> in {POM}")
    return found.group(1)


def _run_maven(target: Path) -> None:
    maven = need_program("mvn", "Maven (package maven)")
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    done = subprocess.run([*command, "-DincludeScope=runtime"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.exists():
        raise ProgramMissing(f"Maven could not bring Kafka's jars:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    print(f"Kafka's jars are in {fetch_jars()}")
