"""Where the commands print: results on stdout, everything else on stderr.

Text comes from files and models and may hold codes that a terminal obeys. Whatever is printed here has them
replaced, markup and styles excepted.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

__all__ = ["err", "out", "visible"]

_CONTROLS = [code for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"]


def visible(text: str, sign: str = "\ufffd") -> str:
    r"""Return a text with a sign for each control character but tabs and line ends.

    Examples
    --------
    >>> visible("Red\x1b[0m\n", "?")
    'Red?[0m\n'
    """
    return text.translate(dict.fromkeys(_CONTROLS, sign))


class _Visible:
    """What renders as another thing does, without control characters in its text."""

    def __init__(self, inner: RenderableType) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        sign = "\ufffd" if console.encoding.startswith("utf") else "?"
        for segment in console.render(self.inner, options):
            text = segment.text if segment.control else visible(segment.text, sign)
            yield Segment(text, segment.style, segment.control)


class _Hook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Visible(renderable) for renderable in renderables]


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    console.push_render_hook(_Hook())
    return console


out = _console(stderr=False)
err = _console(stderr=True)
