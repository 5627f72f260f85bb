"""`python -m bench`: the ledger measured beside its references. Exit code 1: a line does not hold; 2: wrong usage."""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.ground import Ground
from bench.lines import LINES
from bench.pairing import PAIRS_MIN, Line, MeasurementFailed, measure_line, measure_reference
from bench.results import RESULTS_FILE, Result, replace_results, results_table
from ledger.child_process import ChildFailed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lines asked for and print the table; returns the exit code."""
    wanted = _parser().parse_args(arguments)
    lines = [line for line in LINES if wanted.only in (None, line.name)]
    console = Console() if sys.stdout.isatty() else Console(width=120)
    with (
        Ground(scale=wanted.scale, database_url=wanted.database, bootstrap=wanted.kafka) as ground,
        _progress(console) as progress,
    ):
        sides = 1 if wanted.references else 2
        task = progress.add_task("starting", total=len(lines) * wanted.pairs * sides)

        def said(words: str) -> None:
            progress.update(task, advance=1, description=words)
            if not console.is_terminal:
                console.print(words)

        if wanted.references:
            return _references(lines, ground, wanted.pairs, said, console)
        return _pairs(lines, ground, wanted.pairs, said, console)


def _pairs(lines: list[Line], ground: Ground, pairs: int, said: Callable[[str], None], console: Console) -> int:
    measured: list[Result] = []
    failed: list[str] = []
    for line in lines:
        try:
            measured.append(measure_line(line, ground, pairs, said))
        except (MeasurementFailed, ChildFailed) as failure:
            failed.append(line.name)
            console.print(f"{line.name} could not be measured: {failure}", style="red", markup=False)
        if pairs >= PAIRS_MIN:  # after every line: a run that is broken off keeps what it has
            replace_results(measured, failed, [each.name for each in LINES])
    console.print(results_table(measured, {line.name: _bound(line) for line in lines}))
    where = RESULTS_FILE if pairs >= PAIRS_MIN else f"nowhere: a result needs {PAIRS_MIN} pairs or more"
    console.print(f"written to {where}", markup=False)
    return 0 if not failed and all(result.holds for result in measured) else 1


def _references(lines: list[Line], ground: Ground, times: int, said: Callable[[str], None], console: Console) -> int:
    """The references alone, to see what they reach on this machine; nothing is written."""
    failed = False
    for line in lines:
        try:
            taken = measure_reference(line, ground, times, said)
        except (MeasurementFailed, ChildFailed) as failure:
            failed = True
            console.print(f"{line.name} could not be measured: {failure}", style="red", markup=False)
        else:
            spread = f"{min(taken):,.0f} to {max(taken):,.0f}"
            console.print(
                f"{line.name}: reference {statistics.median(taken):,.0f} {line.unit} ({spread}, {times} times)"
            )
    return int(failed)


def _bound(line: Line) -> str:
    return f"{line.direction.value} {line.floor:g}"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [line.name for line in LINES]
    parser.add_argument(
        "--only", choices=names, metavar="NAME", help=f"one line, the others keep theirs: {', '.join(names)}"
    )
    parser.add_argument("--pairs", type=_pairs_count, default=PAIRS_MIN, help="pairs a line; results need 5 or more")
    parser.add_argument(
        "--scale", type=_scale, default=1.0, help="multiplies all sizes and lengths, 1.0 is the full measure"
    )
    parser.add_argument("--references", action="store_true", help="only the references, written nowhere")
    parser.add_argument(
        "--database", metavar="URL", help="an existing PostgreSQL; the role must be able to create databases"
    )
    parser.add_argument("--kafka", metavar="HOST:PORT", help="an existing Kafka broker instead of one of our own")
    return parser


def _pairs_count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number from 1, for example 5")
    return int(text)


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} should be a number above 0 and at most 100, for example 0.2")
    return scale


if __name__ == "__main__":
    # Ended by SIGTERM, Python would leave at once: folders would stay and servers be shot instead of stopped.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    sys.exit(main())
