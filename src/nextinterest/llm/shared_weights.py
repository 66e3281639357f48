"""Models loaded from the same files hold equal weights once: those of frozen layers, in the same precision.

A recommender may load its base model twice: cut and with one adapter for its item softmax, whole and with
another for what it generates. The layers that no adapter was folded into are the same. Only models that are
served share; nothing may change the weights of one in place.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Set

from torch import nn

__all__ = ["share_weights"]

_LOCK = threading.Lock()
_LOADED: dict[str, list[tuple[weakref.ref[nn.Module], Set[str]]]] = {}


def share_weights(module: nn.Module, base: str, changed: Set[str] = frozenset()) -> None:
    """Let a module's weights be those of models that were loaded from the same files before.

    Nothing is compared, so that weights in a mapped file stay unread.

    Parameters
    ----------
    module
        Loaded, on its device.
    base
        Fingerprint of the files, without layers cut and adapters.
    changed
        Names of the layers that an adapter was folded into: their weights are the module's own.
    """
    with _LOCK:
        there = [(ref, other, kept) for ref, kept in _LOADED.get(base, []) if (other := ref()) is not None]
        known = [_weights(other, kept) for _, other, kept in there]
        for name, own in _weights(module, changed).items():
            for theirs in known:
                found = theirs.get(name)
                if found is not None and _alike(own, found):
                    own.data = found.data
                    break
        _LOADED[base] = [*((ref, kept) for ref, _, kept in there), (weakref.ref(module), changed)]


def _alike(one: nn.Parameter, other: nn.Parameter) -> bool:
    return (one.device, one.dtype, one.shape) == (other.device, other.dtype, other.shape)


def _weights(module: nn.Module, changed: Set[str]) -> dict[str, nn.Parameter]:
    """Return the parameters that are those of the files, by the names that they have there."""
    names = [
        (name.removeprefix("base_model.model.").replace(".base_layer.", "."), weight)
        for name, weight in module.named_parameters(remove_duplicate=False)
    ]
    # A tied weight is changed where it is under any of its names.
    own = {id(weight) for name, weight in names if name.rpartition(".")[0] in changed}
    return {name: weight for name, weight in names if id(weight) not in own}
