"""Every kind of part and source scores the same when it is written and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel
from support.tiny_item_softmax import tiny_item_softmax

from nextinterest.artifact_files import Kind, write_artifact
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, History, Item
from nextinterest.errors import IntegrityError, ModelError
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.kinds import load_part, load_source
from nextinterest.retrieval.lift import log_lift
from nextinterest.retrieval.parts import LoadContext, Part, Storable, Stored
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.shared_attributes import SharedAttributes, value_vectors
from nextinterest.retrieval.sources import CandidateSource


class Nothing(BaseModel):
    """A manifest's content that says nothing."""


EMPTY = Kind("nothing", Nothing, remedy="Write it again.")
SHAPE = SequenceEncoderConfig(dimension=8, blocks=1, window=5)
PARTS: dict[str, Callable[[EventLog, FloatArray], Part]] = {
    "sequence": lambda log, text: SequenceSource(SequenceEncoder(SHAPE, text), "sequence-2"),
    "matrix": lambda log, text: ProfileScorer("lift", log_lift(log, len(text), 3, 0.5, 10.0), 2.0),
    "popularity": lambda log, text: PopularityPart(log.item_counts(len(text)).astype(np.float32)),
    "attributes": lambda log, text: SharedAttributes(value_vectors(painted()), 2.0),
}
SOURCES: dict[str, Callable[[EventLog, FloatArray], CandidateSource]] = {
    "sequence": lambda log, text: SequenceSource(SequenceEncoder(SHAPE, text)),
    "co-occurrence": lambda log, text: CoOccurrence(fit_similarity(log, len(text), 3, 5), 2.0, 0.1),
    "popularity": lambda log, text: PopularItems.fit(log, len(text)),
    "attributes": lambda log, text: SharedAttributes(value_vectors(painted()), 2.0),
}


def painted() -> Catalog:
    """Return forty items in ten colours."""
    return Catalog.from_items(Item(f"i{n}", f"i{n}", attributes={"colour": f"c{n % 10}"}) for n in range(40))


@pytest.fixture
def context(encoder: Encoder, tmp_path: Path) -> LoadContext:
    saved = write_artifact(tmp_path, EMPTY, Nothing(), {})
    return LoadContext(saved, painted(), encoder.encode(catalog_texts(painted())))


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_read_back_scores_the_same(kind: str, context: LoadContext, log: EventLog) -> None:
    part = PARTS[kind](log, context.text)
    stored = part.save()
    again = load_part(stored, context)
    assert again.name == part.name
    histories = [log.history(0), log.history(1)]
    np.testing.assert_allclose(again.scores(histories), part.scores(histories), atol=2e-2)
    # Rounded once to the precision of the file, nothing changes any more.
    twice = load_part(again.save(), context)
    np.testing.assert_array_equal(twice.scores(histories), again.scores(histories))


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_read_back_names_the_same(kind: str, context: LoadContext, log: EventLog) -> None:
    source = SOURCES[kind](log, context.text)
    assert isinstance(source, Storable)
    first = load_source(source.save(), context)
    assert isinstance(first, Storable)
    again = load_source(first.save(), context)
    histories = [log.history(0), log.history(1)]
    assert again.name == source.name
    np.testing.assert_array_equal(again.read(histories).best(5)[0], first.read(histories).best(5)[0])


@pytest.mark.parametrize("kind", PARTS)
def test_parts_without_a_language_model_keep_nothing_of_users(
    kind: str, context: LoadContext, log: EventLog
) -> None:
    part = PARTS[kind](log, context.text)
    part.remember(1 << 20)
    part.scores([History(np.array([0, 1], dtype=np.int32), user="ann")])
    assert (part.remembered(), part.tokens_read) == (frozenset(), 0)
    part.forget("ann")
    assert part.continued(3, 2) is part


def test_a_language_part_without_a_name_is_not_saved(catalog: Catalog, encoder: Encoder) -> None:
    with pytest.raises(ModelError, match="could not name it"):
        tiny_item_softmax(catalog, encoder).save()


@pytest.mark.parametrize("load", [load_part, load_source])
def test_an_unknown_kind_is_refused_by_name(
    load: Callable[[Stored, LoadContext], object], context: LoadContext
) -> None:
    with pytest.raises(IntegrityError, match=r"'graph'.*sequence encoder"):
        load(Stored("graph", "walks", {}, {}), context)


def test_settings_that_are_no_numbers_are_refused(context: LoadContext, log: EventLog) -> None:
    stored = PARTS["matrix"](log, context.text).save()
    with pytest.raises(IntegrityError, match="half_life"):
        load_part(Stored(stored.kind, stored.name, {"half_life": True}, stored.tensors), context)
