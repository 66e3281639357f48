"""Failures as HTTP answers, in the form of OpenAI's API: ``{"error": {"message", "type", "param", "code"}}``.

Messages of the package's errors about what was asked are written for the caller and are passed on. What
fails behind the server (a language model, a file) concerns the operator: it is answered with a general
sentence, and its cause is in the log, redacted. Anything else is our fault, logged with its source lines and
answered without detail.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from nextinterest.errors import (
    AssetError,
    BudgetError,
    IntegrityError,
    MissingExtraError,
    ModelError,
    NextInterestError,
    OutputParseError,
    ProviderError,
    StorageError,
    UnknownItemError,
    UnknownUserError,
)
from nextinterest.profiles import EventTimeError, ForgottenError, IdempotencyError, StoreError
from nextinterest.profiles.faults import UserNameError
from nextinterest.redaction import redact
from nextinterest.server.invalid import first_error
from nextinterest.server.paths import sent_path

__all__ = ["ErrorBody", "Failure", "answer_to", "install_failures"]

_LOG = logging.getLogger("nextinterest.server")
_FAULT = "The server failed; the fault is logged."
_LONGEST = 2000  # characters of a message; what a caller sent may be far longer
_NO_ROUTE = (
    "There is no such route. Chat is at /v1/chat/completions and /v1/responses; "
    "/openapi.json lists all routes."
)


_CHECK_ITEM = "Check it: GET /v1/items?query= finds items by title."
_SKIP_ITEM = 'A request with "on_unknown": "skip" leaves such ones out.'


def _cut(text: str) -> str:
    """Return a text without its middle where it is long: what was found leads it, and the remedy ends it."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} [...] {text[-half:]}"


class ErrorDetail(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(description="What was found and what to do.")
    type: str = Field(description="Kind of error, such as invalid_request_error.")
    param: str | None = Field(default=None, description="Field of the request that is wrong.")
    code: str | None = Field(default=None, description="Short code a program can branch on.")


class ErrorBody(BaseModel):
    """Body of every answer that is not a success."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail


class Failure(Exception):  # noqa: N818 - named for what it becomes: an HTTP answer
    """An HTTP answer other than success, raised anywhere below a route."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        message, param = _cut(message), None if param is None else _cut(param)
        self.status, self.retry_after = status, retry_after
        self.body = ErrorBody(error=ErrorDetail(message=message, type=kind, param=param, code=code))

    def response(self) -> JSONResponse:
        """Return the answer."""
        headers: dict[str, str] = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.body.model_dump(), self.status, headers)


def answer_to(error: Exception) -> Failure:
    """Return the answer to any exception; what nobody foresaw is logged and answered without detail."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, UnknownItemError):
        return _unknown_item(error)
    if isinstance(error, IdempotencyError):
        return Failure(409, str(error), code="idempotency_conflict")
    if isinstance(error, ForgottenError):
        return Failure(409, str(error), code="user_forgotten")
    if isinstance(error, EventTimeError):
        return Failure(422, str(error), code="invalid_value", param=f"events.{error.index}.time")
    if isinstance(error, UserNameError):
        return Failure(422, str(error), code="invalid_value", param="user")
    if isinstance(error, StoreError):
        return _store_failure(error)
    if isinstance(error, ProviderError | OutputParseError | BudgetError):
        return _of_language_model(error)
    if isinstance(error, ModelError | AssetError | IntegrityError | MissingExtraError | StorageError):
        _log_cause("operation failed", error)
        return Failure(500, _FAULT, kind="server_error")
    if isinstance(error, UnknownUserError):  # the remedy may name another user
        return Failure(400, f"{error.message} Give the id of a known user, or a history.")
    if isinstance(error, NextInterestError):
        return Failure(400, str(error))
    _LOG.error("unhandled", exc_info=error)
    return Failure(500, _FAULT, kind="server_error")


def _unknown_item(error: UnknownItemError) -> Failure:
    """Return 404 with the field that names the item, and only what can be done about that field."""
    said, param = f"{error.message} {_CHECK_ITEM}", None
    if error.argument in {"history", "items"}:
        said, param = f"{said} {_SKIP_ITEM}", f"{error.argument}.{error.index}"
    elif error.argument == "events":
        param = f"events.{error.index}.item_id"
    return Failure(404, said, code="item_not_found", param=param)


def _store_failure(error: StoreError) -> Failure:
    """Return 507 for a full disk and 503 for what else hinders the store; nothing was written."""
    status, code = (507 if error.reason == "full" else 503), f"store_{error.reason}".replace("-", "_")
    return Failure(status, error.public, kind="server_error", code=code, retry_after=5)


def _of_language_model(error: ProviderError | OutputParseError | BudgetError) -> Failure:
    """Answer without anything the endpoint said: its messages quote addresses, keys and prompts."""
    _log_cause("language model failed", error)
    passing = isinstance(error, BudgetError)
    wait: float | None = None
    if isinstance(error, ProviderError):
        passing, wait = error.retryable, error.retry_after
    return Failure(
        503 if passing else 502,
        "The language model behind this server cannot be used now; try again later."
        if passing
        else "The language model behind this server gave no usable answer.",
        kind="server_error",
        code="language_model_unavailable" if passing else "language_model_failed",
        retry_after=(5 if wait is None else max(1, math.ceil(wait))) if passing else None,
    )


def _log_cause(event: str, error: NextInterestError) -> None:
    fields: dict[str, object] = {"kind": type(error).__name__, "cause": redact(str(error), limit=500)}
    status = getattr(error, "status", None)
    if status is not None:
        fields["endpoint_status"] = status
    _LOG.error(event, extra={"fields": fields})


def _invalid(errors: Sequence[dict[str, object]], given: object) -> Failure:
    first = first_error(errors, given)
    return Failure(422, first.message, code="invalid_value", param=first.path or None)


def _methods(app: FastAPI, path: str) -> set[str]:
    """Return the published methods of a path."""
    published = app.openapi()["paths"].items()
    return {
        method.upper()
        for pattern, operations in published
        if compile_path(pattern)[0].match(path)
        for method in (*operations, *(["head"] if "get" in operations else []))
    }


def install_failures(app: FastAPI) -> None:
    """Make every failure of the app an answer of one form."""

    @app.exception_handler(Failure)
    async def failure(_: Request, error: Failure) -> JSONResponse:
        return error.response()

    @app.exception_handler(NextInterestError)
    async def own(_: Request, error: NextInterestError) -> JSONResponse:
        return answer_to(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid(error.errors(), error.body).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        said = _NO_ROUTE if error.status_code == 404 else str(error.detail)
        answer = Failure(error.status_code, said).response()
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            # The router names the methods of the first route of this path only.
            answer.headers["Allow"] = ", ".join(sorted(_methods(app, sent_path(request.scope)))) or "GET"
        return answer
