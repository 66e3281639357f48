"""The addresses that the server listens on, taken before anything is loaded."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nextinterest.errors import DataError

__all__ = ["bound", "listen"]


def bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to every address of a host; they accept nothing until `listen`.

    Parameters
    ----------
    host
        Name or address; empty for every address of the machine.
    port
        Port, the same for all; 0 lets the system choose one.

    Raises
    ------
    DataError
        If the host has no address here, or the port is in use or may not be used.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise _no_address(host) from None
    sockets: list[socket.socket] = []
    try:
        for family, *_, address in dict.fromkeys(found):
            port = port or (sockets[0].getsockname()[1] if sockets else 0)
            with _named(host, port):
                one = _bound(family, (address[0], port, *address[2:]))
            if one is not None:
                sockets.append(one)
        if not sockets:
            raise _no_address(host)
    except DataError:
        for one in sockets:
            one.close()
        raise
    return sockets


def listen(sockets: Sequence[socket.socket], waiting: int) -> None:
    """Let bound sockets accept connections.

    Parameters
    ----------
    sockets
        From `bound`.
    waiting
        Connections that may wait to be accepted.

    Raises
    ------
    DataError
        If another program has begun to listen on the port since.
    """
    for one in sockets:
        host, port = one.getsockname()[:2]
        with _named(host, port):
            one.listen(waiting)


def _bound(family: int, address: tuple[str | int, ...]) -> socket.socket | None:
    """Return a bound socket; None for an address that this machine does not have."""
    try:
        one = socket.socket(family, socket.SOCK_STREAM)
    except OSError:  # a kernel without IPv6
        return None
    try:
        if os.name == "posix" and sys.platform != "cygwin":
            # A server that has just ended leaves its port waiting; elsewhere the option means another thing.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
    except OSError as error:
        one.close()
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise
    return one


@contextmanager
def _named(host: str, port: int) -> Iterator[None]:
    """Turn the system's errors into errors that name the address and what to change."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise DataError(
                f"Port {port} is in use.",
                remedy="Use another port, or 0 for any that is free; or end the program that uses it.",
                command="Use another with --port (0: any that is free), or end the program that uses it.",
            ) from None
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise DataError(
                f"Port {port} may not be used by this account.",
                remedy="Use a port from 1024 on.",
                command="Use one from 1024 on with --port.",
            ) from None
        raise DataError(
            f"The server cannot listen on {host}, port {port}: {error.strerror}.",
            remedy="Use another host or port.",
            command="Use another --host or --port.",
        ) from None


def _no_address(host: str) -> DataError:
    return DataError(
        f"This machine has no address {host!r} to listen on.",
        remedy="Use 127.0.0.1, or 0.0.0.0 for every address.",
        command="Use --host 127.0.0.1, or --host 0.0.0.0 (with a key) for every address.",
    )
