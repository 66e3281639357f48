"""Reranking by a written list: the model names candidates by label, best first, and says how sure it is.

For models behind endpoints. Where one reports log-probabilities it is asked for a letter as any other model
is (`nextinterest.retrieval.rerank.choice`), which costs one token; else it writes a ranking that is held to
a schema. Either way candidates are shown in an order of their own, never that in which they came.

A list becomes probabilities by assumption: the first has the probability p that the model claims for it, and
each place behind it falls by the one factor under which that is so (p = .5 of twenty: a half), among those
named not below a half; candidates left out share the place behind the last one named. So the order counts for
more the surer the model is, what a sure model leaves out counts for little, and a claim of 1/n, a guess,
makes all alike, as does a ranking of none.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from string import ascii_uppercase
from typing import Annotated, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from nextinterest.domain import Catalog, FloatArray, History, IntArray
from nextinterest.errors import DataError, NoLogProbabilitiesError, OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.llm.budget import Budget
from nextinterest.llm.parallel import side_by_side
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate, Summariser
from nextinterest.retrieval.rerank.choice import ChoiceReranker

__all__ = ["ANSWER_TOKENS", "EndpointReranker", "listed_log_probabilities", "ranking_schema"]

ANSWER_TOKENS = 256
"""Longest ranking."""

_WRITTEN = 60  # tokens of a ranking of ten, about
_STEEPEST = 0.5
_HALVINGS = 40
_SUREST = 0.99
_DEFAULT_SURE = 25.0
_LABEL = re.compile(r"([A-Za-z]|\d+)(?:[.):]\s|[.):]?$)")
_PERCENT = 100.0

logger = logging.getLogger(__name__)


class Ranking(BaseModel):
    """Candidates, the likeliest next choice first."""

    model_config = ConfigDict(extra="ignore")

    ranking: list[str]
    sure: float = _DEFAULT_SURE


@cache
def ranking_schema(labels: tuple[str, ...]) -> type[Ranking]:
    """Return the schema of a ranking of candidates with these labels.

    What is read is taken leniently: labels with a full stop or a title behind them count, unknown ones and
    repetitions are left out. An answer of unknown labels alone is none; an empty one says that no candidate
    fits.

    Examples
    --------
    >>> ranking_schema(("A", "B", "C")).model_validate({"ranking": ["b. Heat", "Z", "B", "A"], "sure": "90%"})
    Ranking(ranking=['B', 'A'], sure=90.0)
    """

    def known(value: object) -> object:
        if not isinstance(value, list):
            return value
        found = (_LABEL.match(str(one).strip()) for one in value)
        named = (match[1].upper() for match in found if match is not None)
        kept = [label for label in dict.fromkeys(named) if label in labels]
        return kept if kept or not value else value  # nothing but unknown labels is no answer

    listed = list[Literal[labels]]  # type: ignore[valid-type]
    fields = {
        "ranking": (
            Annotated[listed, BeforeValidator(known)],
            Field(max_length=len(labels), description="Labels, the likeliest first."),
        ),
        "sure": (
            Annotated[float, BeforeValidator(_percent)],
            Field(ge=0, le=100, description="How sure of the first, in percent."),
        ),
    }
    made = create_model("Ranking", __base__=Ranking, __doc__=Ranking.__doc__, **fields)  # type: ignore[call-overload]
    return cast("type[Ranking]", made)


def _percent(value: object) -> object:
    if isinstance(value, str):
        value = value.strip().removesuffix("%").strip()
    if isinstance(value, float) and 0.0 < value < 1.0:  # a share in place of a percentage
        return value * _PERCENT
    return value


def listed_log_probabilities(n: int, named: Sequence[int], sure: float) -> FloatArray:
    """Return log-probabilities of n candidates, float32, shape (n,), from a ranking of some of them.

    Parameters
    ----------
    n
        Number of candidates.
    named
        Indices of those that were named, the likeliest first, each once; none makes all alike.
    sure
        Probability claimed for the first; less than 1/n counts as that.

    Examples
    --------
    >>> [round(float(p), 3) for p in np.exp(listed_log_probabilities(4, [2, 0], 0.9))]
    [0.097, 0.002, 0.9, 0.002]
    >>> [round(float(p), 3) for p in np.exp(listed_log_probabilities(4, [2, 0], 0.25))]
    [0.25, 0.25, 0.25, 0.25]
    """
    if not named:
        return np.full(n, -np.log(n), dtype=np.float32)
    places = np.full(n, len(named), dtype=np.float64)
    places[list(named)] = np.arange(len(named))
    claimed = min(max(sure, 1.0 / n), _SUREST)
    fall = _fall(places, claimed)
    weights = np.where(places < len(named), max(fall, _STEEPEST), fall) ** places
    first = named[0]
    rest = weights.sum() - weights[first]
    if rest <= 0:
        return np.zeros(n, dtype=np.float32)
    shares = weights * (1.0 - claimed) / rest
    shares[first] = claimed
    return np.asarray(np.log(shares), dtype=np.float32)


def _fall(places: NDArray[np.float64], claimed: float) -> float:
    """Return the factor from place to place under which the first has this share of the whole; 1 for even."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if 1.0 / (middle**places).sum() > claimed else (low, middle)
    return high


class EndpointReranker:
    """Probabilities of candidates from a model behind an endpoint.

    Parameters
    ----------
    model
        The model.
    template
        A template with lettered candidates, for models that report log-probabilities; in place of ``choice``
        it is ``letter``, which has all facts that ``ranking`` has.
    catalog
        The catalogue.
    options
        Token budget of one prompt, newest events shown, and the like.
    calibrated
        As of `ChoiceReranker`: each measurement of the letters is a request of its own.
    summariser
        Describes events that do not fit into a prompt; None for the template's line of shares.
    """

    def __init__(
        self,
        model: LanguageModel,
        template: PromptTemplate,
        catalog: Catalog,
        options: PromptOptions | None = None,
        *,
        calibrated: bool = False,
        summariser: Summariser | None = None,
    ) -> None:
        self.model = model
        if template.name == "choice":  # made for small models: titles alone
            template = PromptTemplate.named("letter")
        self._choice = ChoiceReranker(
            model, template, catalog, options, calibrated=calibrated, summariser=summariser
        )
        self._renderer = PromptRenderer(
            PromptTemplate.named("ranking"), catalog, model.tokenizer, options, summariser=summariser
        )
        self._tokens = 0
        self._met = False

    @property
    def tokens_used(self) -> int:
        """Prompt tokens so far, as estimated."""
        return self._tokens + self._choice.tokens_used

    def size(self, history: History, offered: IntArray) -> tuple[int, int]:
        """Return about how many tokens one request reads and writes; nothing is asked."""
        prompt = self._renderer.choice(history, np.sort(offered), _labels(len(offered)))
        return len(prompt.tokens), _WRITTEN

    def price(self, read: int, written: int) -> float | None:
        """Return what so many tokens cost; None where the prices are not known."""
        budget: object = getattr(self.model, "budget", None)
        return budget.price(read, written) if isinstance(budget, Budget) else None

    def log_probabilities(
        self,
        histories: Sequence[History],
        candidates: Sequence[IntArray],
        request: str | None = None,
        today: date | None = None,
    ) -> list[FloatArray | None]:
        """Return log P(candidate | history, candidates, request) for each history; see `ChoiceReranker`.

        Histories are asked about side by side. None stands for an answer that cannot be read, nor its repair.

        Raises
        ------
        ProviderError
            If the endpoint fails for good.
        """
        cases = list(zip(histories, candidates, strict=True))
        # What the endpoint can do is found out by one request and not by as many as may run at once.
        alone = 0 if self._met else 1
        found = [self._one(*case, request, today) for case in cases[:alone]]
        self._met = self._met or bool(cases)
        limit = self.model.capabilities.concurrency
        return found + side_by_side(lambda one: self._one(*one, request, today), cases[alone:], limit)

    def _one(
        self, history: History, offered: IntArray, request: str | None, today: date | None
    ) -> FloatArray | None:
        if self.model.capabilities.choose:
            try:
                return self._choice.log_probabilities([history], [offered], request, today)[0]
            except NoLogProbabilitiesError as error:
                logger.info("%s A ranking is asked for in place of a letter.", error.message)
        return self._listed(history, offered, request, today)

    def _listed(
        self, history: History, offered: IntArray, request: str | None, today: date | None
    ) -> FloatArray | None:
        if len(np.unique(offered)) != len(offered):
            raise DataError("A candidate is offered twice to the language model; offer each once.")
        if len(offered) < 2:
            return np.zeros(len(offered), dtype=np.float32)
        order = np.argsort(offered, kind="stable")
        labels = _labels(len(offered))
        prompt = self._renderer.choice(history, offered[order], labels, request=request, today=today)
        self._tokens += len(prompt.tokens)
        try:
            sampling = Sampling(max_tokens=ANSWER_TOKENS, thinking=THINKING)
            answer = self.model.generate(prompt.messages, schema=ranking_schema(labels), sampling=sampling)
        except OutputParseError as error:
            logger.warning("The ranking of %s cannot be read: %s", self.model.name, error.message)
            return None
        position = {label: int(order[i]) for i, label in enumerate(labels)}
        named = [position[label] for label in answer.ranking]
        return listed_log_probabilities(len(offered), named, answer.sure / _PERCENT)


@cache
def _labels(n: int) -> tuple[str, ...]:
    return tuple(ascii_uppercase[:n]) if n <= len(ascii_uppercase) else tuple(str(i + 1) for i in range(n))
