"""The command line: ``nextinterest`` and ``python -m nextinterest``.

Thin: each command reads its arguments, calls the package that does the work, and draws the result. Packages
are imported inside the commands, so that ``--help`` answers without torch. A file per command. Errors of the
family `NextInterestError` become one line with the remedy and exit code 1; ``--debug`` shows the traceback.
"""

from nextinterest.cli.main import app, main

__all__ = ["app", "main"]
