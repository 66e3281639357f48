"""What a model at an endpoint is opened with: key, limits, prices; from arguments, else the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from nextinterest.errors import ModelError

__all__ = ["KEY_VARIABLES", "EndpointSettings"]

KEY_VARIABLES = ("NEXTINTEREST_API_KEY", "OPENAI_API_KEY")
"""Where the key is looked for, in this order."""

_PREFIX = "NEXTINTEREST_"
_VARIABLES = {
    "max_cost": "MAX_COST",
    "input_price": "INPUT_PRICE",
    "output_price": "OUTPUT_PRICE",
    "context_length": "CONTEXT_LENGTH",
    "timeout": "TIMEOUT",
    "concurrency": "CONCURRENCY",
    "answers": "ANSWERS",
    "tokenizer": "TOKENIZER",
}


class EndpointSettings(BaseModel):
    """Settings of one endpoint. Each is also read from a variable, which its description names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr | None = Field(
        default=None,
        description="Sent as a bearer token, never saved and never shown; None takes NEXTINTEREST_API_KEY, "
        "else OPENAI_API_KEY.",
    )
    timeout: float = Field(
        default=60.0, gt=0.0, description="Seconds a request may take (NEXTINTEREST_TIMEOUT)."
    )
    attempts: int = Field(default=5, ge=1, description="Requests made at most, the first included.")
    concurrency: int = Field(
        default=8, ge=1, description="Requests under way at once (NEXTINTEREST_CONCURRENCY)."
    )
    context_length: int | None = Field(
        default=None,
        ge=256,
        description="Longest prompt and answer together, in tokens (NEXTINTEREST_CONTEXT_LENGTH); None asks "
        "the endpoint, and takes 8,192 where it does not say.",
    )
    tokenizer: str | None = Field(
        default=None,
        description="Folder, hub id or asset whose tokenizer counts the prompts; None estimates "
        "(NEXTINTEREST_TOKENIZER).",
    )
    input_price: float | None = Field(
        default=None, ge=0.0, description="Money per million tokens read (NEXTINTEREST_INPUT_PRICE)."
    )
    output_price: float | None = Field(
        default=None, ge=0.0, description="Money per million tokens written (NEXTINTEREST_OUTPUT_PRICE)."
    )
    max_cost: float | None = Field(
        default=None,
        gt=0.0,
        description="Most that may be spent while the model is open, in the prices' money "
        "(NEXTINTEREST_MAX_COST).",
    )
    max_tokens: int | None = Field(default=None, ge=1, description="The same, in tokens read and written.")
    answers: Path | None = Field(
        default=None,
        description="File that keeps answers, so that the same request is not sent twice "
        "(NEXTINTEREST_ANSWERS).",
    )

    @model_validator(mode="after")
    def _cost_needs_prices(self) -> Self:
        if self.max_cost is not None and (self.input_price is None or self.output_price is None):
            raise ValueError("max_cost needs input_price and output_price, in money per million tokens")
        return self

    @classmethod
    def of(cls, given: EndpointSettings | None = None, **changes: object) -> EndpointSettings:
        """Return what is given, the rest from the environment.

        Parameters
        ----------
        given
            Settings; those left at their defaults are read from the environment.
        changes
            Settings by name that take the place of those given; None changes nothing.

        Raises
        ------
        ModelError
            If a variable or a value is not valid.
        """
        values: dict[str, object] = {}
        for name, variable in _VARIABLES.items():
            text = os.environ.get(_PREFIX + variable, "").strip()
            if text:
                values[name] = text
        if given is not None:
            values |= {name: getattr(given, name) for name in given.model_fields_set}
        values |= {name: value for name, value in changes.items() if value is not None}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(map(str, first["loc"])) or "the limits"
            what = first["msg"].removeprefix("Value error, ")
            raise ModelError(
                f"The settings of the endpoint are not valid: {name}: {what}.",
                remedy="Change the EndpointSettings, or the NEXTINTEREST_* variable of that name.",
                command="Change the option of that name, or the NEXTINTEREST_* variable.",
            ) from None

    @property
    def key(self) -> str:
        """The key that is sent; ``none`` where there is none."""
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        found = (os.environ.get(name, "").strip() for name in KEY_VARIABLES)
        return next((key for key in found if key), "none")
