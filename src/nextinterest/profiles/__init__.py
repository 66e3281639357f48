"""Live profiles: what each user did, kept so that an acknowledged event is never lost.

A profile is events (and which items the user hid); everything else, such as interests and forecasts, is
computed from them. `open_store` picks the store by URL.
"""

from nextinterest.profiles.faults import (
    EventTimeError,
    ForgottenError,
    IdempotencyError,
    StoreError,
)
from nextinterest.profiles.opening import open_store
from nextinterest.profiles.reading import ProfileReading, read_profile
from nextinterest.profiles.store import (
    AppendResult,
    ItemRecord,
    ProfileEvent,
    ProfileStore,
)

__all__ = [
    "AppendResult",
    "EventTimeError",
    "ForgottenError",
    "IdempotencyError",
    "ItemRecord",
    "ProfileEvent",
    "ProfileReading",
    "ProfileStore",
    "StoreError",
    "open_store",
    "read_profile",
]
