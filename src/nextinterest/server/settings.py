"""Settings of the HTTP server."""

from __future__ import annotations

import ipaddress
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nextinterest.agent.sessions import MOST_SESSIONS, SESSION_SECONDS
from nextinterest.errors import DataError
from nextinterest.server.keys import Keyring
from nextinterest.server.origins import checked_origin

__all__ = ["ServerSettings", "is_loopback"]


class ServerSettings(BaseModel):
    """How the server protects itself and its users."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[str, ...] = Field(default=(), repr=False)
    """Bearer keys, each with its scopes (see `nextinterest.server.keys`); a request without one of them
    is refused. Without keys only loopback is served, and no page of another site."""

    origins: tuple[Annotated[str, AfterValidator(checked_origin)], ...] = ()
    """Other origins whose pages may call the server, such as ``https://app.example``."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 lets the system choose."""

    max_body_bytes: int = Field(default=1 << 20, ge=1024)
    """Larger request bodies are refused with 413 before they are read whole."""

    max_events_per_request: int = Field(default=1000, ge=1)
    """Events of one batch."""

    max_k: int = Field(default=200, ge=1)
    """Longest ranked list."""

    requests_per_minute: int = Field(default=600, ge=1)
    """Requests of one key (of one address, without keys); more are answered 429 with Retry-After."""

    wrong_keys_per_minute: int = Field(default=60, ge=1)
    """Wrong keys of one address (never more than `requests_per_minute`); more are answered 429 with
    Retry-After, and no key from there is tried but those that were right before."""

    max_concurrency: int = Field(default=2, ge=1)
    """Model calls that run at the same time; the others wait in a queue."""

    model_niceness: int = Field(default=10, ge=0, le=19)
    """How far the model's threads give way to all else on the machine, so that short requests do not wait
    behind it for a core (Linux only). 0 for a machine whose other programs matter less than the model."""

    max_queue: int = Field(default=32, ge=0)
    """Requests that may wait for the model; more are answered 503 with Retry-After at once."""

    max_wait_seconds: float = Field(default=2.0, gt=0)
    """A request that would wait longer for the model, going by its last calls, is answered 503 at once;
    one that has waited so long all the same is answered 503 then."""

    store_concurrency: int = Field(default=4, ge=1)
    """Reads and writes of the store at the same time; they never wait behind the model."""

    max_store_queue: int = Field(default=256, ge=0)
    """Requests that may wait for the store."""

    session_seconds: float = Field(default=SESSION_SECONDS, gt=0)
    """How long a conversation is kept after its last message."""

    max_sessions: int = Field(default=MOST_SESSIONS, ge=1)
    """Conversations that are kept; beyond it, and beyond 64 MB, those unused longest are forgotten."""

    sync_seconds: float = Field(default=2.0, gt=0)
    """How often the server reads what others changed in its store: items, and users to forget."""

    request_seconds: float = Field(default=60.0, gt=0)
    """A request that has waited and run longer is answered 504."""

    body_seconds: float = Field(default=20.0, gt=0)
    """A request whose body takes longer to arrive is answered 408."""

    shutdown_seconds: float = Field(default=30.0, gt=0)
    """On shutdown the server takes no new requests and gives running ones this long to end."""

    @cached_property
    def keyring(self) -> Keyring:
        """The keys, hashed, and what each opens."""
        return Keyring(self.keys)

    def checked(self) -> ServerSettings:
        """Return the settings if they are safe to serve with.

        Raises
        ------
        DataError
            If the address is not a loopback one and no key is set, or a key or its scopes cannot be used.
        """
        if not self.keys and not is_loopback(self.host):
            raise DataError(
                f"Without keys the server listens on loopback only, not on {self.host!r}.",
                remedy="Give keys, or listen on 127.0.0.1.",
                command="Set a key (--key-file or NEXTINTEREST_SERVE_KEYS), or use --host 127.0.0.1.",
            )
        _ = self.keyring  # reads every key
        return self


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
