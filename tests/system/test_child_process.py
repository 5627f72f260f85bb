"""Children are started again when they end, stopped when asked, and live no longer than we do."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from ledger import metrics
from ledger.child_process import ChildProcess
from ledger.process_end import STOPPED_LOUDLY
from ledger.supervisor import WAIT_SECONDS_FIRST, Supervisor


def test_supervisor_starts_again_what_ended_and_stops_what_it_started(tmp_path: Path):
    child = ChildProcess("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "sleeper.log")
    supervisor = Supervisor()
    supervisor.watch_child(child)
    pids = [child.pid]
    for _ in range(3):
        child.kill()
        deadline = time.monotonic() + 10
        while not child.running and time.monotonic() < deadline:
            supervisor.restart_what_ended()
            time.sleep(0.02)
        pids.append(child.pid)
    supervisor.stop_children()
    assert len(set(pids)) == 4
    assert not child.running


def test_supervisor_waits_longer_for_what_keeps_ending(tmp_path: Path):
    child = ChildProcess("failing", [sys.executable, "-c", "print('begun', flush=True); exit(1)"], tmp_path / "log")
    supervisor = Supervisor()
    supervisor.watch_child(child)
    ends = time.monotonic() + 15 * WAIT_SECONDS_FIRST
    while time.monotonic() < ends:
        supervisor.restart_what_ended()
        time.sleep(0.01)
    supervisor.stop_children()
    # Waits of 1, 2, 4, 8 times the first: at most the first start and three more fit into 15.
    assert 2 <= (tmp_path / "log").read_text().count("begun") <= 4


def stands(child: ChildProcess) -> float | None:
    return metrics.REGISTRY.get_sample_value("ledger_child_stopped", {"child": child.name})


def test_a_child_that_stopped_loudly_stays_down_and_its_alarm_is_told_once(tmp_path: Path, capsys):
    program = f"print('begun: ALARM: two truths: [size 9]', flush=True); exit({STOPPED_LOUDLY})"
    loud = ChildProcess("loud", [sys.executable, "-c", program], tmp_path / "loud.log")
    (tmp_path / "loud.log").write_text("ALARM: of an earlier start\n")
    other = ChildProcess("other", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "other.log")
    supervisor = Supervisor()
    supervisor.watch_child(loud)
    supervisor.watch_child(other)
    assert (stands(loud), stands(other)) == (0.0, 0.0)
    assert loud.wait(20) == STOPPED_LOUDLY
    ends = time.monotonic() + 5 * WAIT_SECONDS_FIRST
    while time.monotonic() < ends:
        supervisor.restart_what_ended()
        time.sleep(0.01)
    assert other.running
    assert (stands(loud), stands(other)) == (1.0, 0.0)
    supervisor.stop_children()
    assert (tmp_path / "loud.log").read_text().count("begun") == 1
    told = f"ALARM: loud has stopped and is not started again: two truths: [size 9]; see {tmp_path / 'loud.log'}\n"
    assert capsys.readouterr().err == told


def test_child_that_ignores_its_stop_signal_is_killed_after_the_deadline(tmp_path: Path):
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    child = ChildProcess("stubborn", [sys.executable, "-c", program], tmp_path / "log")
    child.start()
    deadline = time.monotonic() + 10
    while "up" not in child.log_tail() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert child.stop(deadline_seconds=0.3) == -signal.SIGKILL


def test_child_outlives_the_thread_that_asked_for_it(tmp_path: Path):
    program = "import time; print('up', flush=True); time.sleep(60)"
    child = ChildProcess("sleeper", [sys.executable, "-c", program], tmp_path / "log")

    def start_and_see_it_up() -> None:
        child.start()
        deadline = time.monotonic() + 10
        while "up" not in child.log_tail() and time.monotonic() < deadline:
            time.sleep(0.02)

    asking = threading.Thread(target=start_and_see_it_up)
    asking.start()
    asking.join()
    time.sleep(0.3)
    assert child.running
    child.kill()
