"""How far a long walk is, for a person who watches."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console


class Progress:
    """Bars on standard error while it is entered; nothing where no person watches."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def step(self, description: str, total: int) -> Callable[[int], None]:
        """Begin a part of the walk; the function says how many more of it are done."""
        task = self._bars.add_task(description, total=total)
        return lambda count: self._bars.update(task, advance=count)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()
