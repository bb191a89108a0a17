"""Show one page at a time: the next one overwrites it, or the terminal scrolls it away, where it can be read again."""

from __future__ import annotations

from typing import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text


class Pages:
    """A terminal on which one page stands.

    A terminal that cannot move its cursor (an old Windows console, ``TERM=dumb``) gets page after page instead.

    Args:
        console: the terminal.

    Attributes:
        can_turn: whether a page can be overwritten.
        fits: whether all of the page that was shown last is on the screen.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.can_turn = console.is_terminal and not console.legacy_windows and not console.is_dumb_terminal
        self.fits = True
        self._shown: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Columns of a line."""
        return self.console.width

    @property
    def room(self) -> int:
        """Lines of a page; the cursor stands on the one below."""
        return max(1, self.console.height - 1)

    def resized(self) -> bool:
        """Whether the terminal has another size than when the page was shown."""
        return self._shown is not None and self._shown != (self.width, self.room)

    def rows(self, lines: Sequence[Text]) -> int:
        """How many rows of the screen lines take: one that is too long goes on in the next."""
        return sum(max(1, -(-cell_len(line.plain) // self.width)) for line in lines)

    def show(self, lines: Sequence[Text], keep: bool = True, passing: bool = False) -> None:
        """Show a page.

        Args:
            lines: the page.
            keep: the page before scrolls away; without, it is overwritten.
            passing: the page will soon be overwritten; where that cannot be done, its last line stands for it.
        """
        if not self.can_turn:
            lines = [Text(), *lines] if not passing else lines[-1:]
        with self.console.capture() as captured:
            for line in lines:
                self.console.print(line, soft_wrap=True)
        page = captured.get()
        if self.can_turn:
            # The cursor stands below the page: so many new lines scroll all of it away, and nothing else.
            height = self.room + 1
            away = "\n" * self.room if keep or self._shown is None else ""
            erased = "".join(f"\x1b[{row};1H\x1b[2K" for row in range(1, height + 1))
            page = f"{away}{erased}\x1b[H{page}"
        self._shown, self.fits = (self.width, self.room), self.rows(lines) <= self.room
        self.console.file.write(page)
        self.console.file.flush()
