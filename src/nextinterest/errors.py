"""The errors a user can meet. Each message says what was found, where, and what to do.

Everything raised on purpose derives from `NextInterestError`, so one ``except`` catches the family and
the command line prints one line instead of a traceback. Programming mistakes stay ordinary exceptions.
"""

from __future__ import annotations

__all__ = [
    "AssetError",
    "BudgetError",
    "DataError",
    "IntegrityError",
    "MissingExtraError",
    "ModelError",
    "NextInterestError",
    "NoLogProbabilitiesError",
    "OutputParseError",
    "PromptError",
    "ProviderError",
    "StorageError",
    "UnknownItemError",
    "UnknownUserError",
]


class NextInterestError(Exception):
    """The root of the family.

    Parameters
    ----------
    message
        What was found and where.
    remedy
        What a caller from Python can do about it; appended to the message.
    command
        What to do on the command line, where that differs: options in place of arguments.
    """

    def __init__(self, message: str, *, remedy: str = "", command: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy
        self.command = command or remedy


class AssetError(NextInterestError):
    """A model or data set that ships in a package could not be obtained or does not match its hash."""


class DataError(NextInterestError):
    """An events, items or users file cannot be read as what it claims to be."""


class UnknownItemError(NextInterestError):
    """An item id or title is not in the catalogue.

    Parameters
    ----------
    message, remedy, command
        As of `NextInterestError`.
    argument
        The argument that names the item, such as ``events`` or ``history``; empty where it is no list.
    index
        Number of the element of that argument, from 0.
    """

    def __init__(
        self, message: str, *, remedy: str = "", command: str = "", argument: str = "", index: int = 0
    ) -> None:
        super().__init__(message, remedy=remedy, command=command)
        self.argument = argument
        self.index = index


class UnknownUserError(DataError):
    """A user id is none of those known; its remedy may name another user's, so it is not for that user."""


class PromptError(NextInterestError):
    """A template is missing a variable, or its prompt cannot fit the token budget."""


class OutputParseError(NextInterestError):
    """Text of a language model could not be read as the structured output asked for.

    Parameters
    ----------
    message, remedy, command
        As of `NextInterestError`.
    answer
        The text.
    """

    def __init__(self, message: str, *, remedy: str = "", command: str = "", answer: str = "") -> None:
        super().__init__(message, remedy=remedy, command=command)
        self.answer = answer


class ModelError(NextInterestError):
    """A language model cannot be loaded or cannot do what was asked of it."""


class ProviderError(ModelError):
    """A remote endpoint failed: refused, timed out, or answered outside its contract.

    Parameters
    ----------
    message, remedy, command
        As of `NextInterestError`.
    status
        HTTP status that the endpoint answered with; None where no answer came (not reached, timed out).
    retryable
        Whether the same request may succeed later: the endpoint was not reached, is overloaded or failed
        itself. False where it refuses the request or its answer breaks the interface.
    retry_after
        Seconds that the endpoint asked to wait; None where it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        command: str = "",
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, command=command)
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after


class NoLogProbabilitiesError(ProviderError):
    """An endpoint says nothing of the choices that it was given; it can still be asked for text."""


class BudgetError(ModelError):
    """A budget of tokens, money or memory would be exceeded."""


class IntegrityError(NextInterestError):
    """A saved file does not match its manifest, or belongs to another model, template or catalogue."""


class StorageError(NextInterestError):
    """A file or folder cannot be written: the disk is full, or writing is not permitted there."""


class MissingExtraError(NextInterestError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"The package {package!r} is needed for this and is not installed.",
            remedy=f"Install it with: pip install 'nextinterest[{extra}]'",
        )
