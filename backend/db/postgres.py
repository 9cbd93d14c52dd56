"""Connections to PostgreSQL: one host, or several of which one takes writes.

    postgresql+asyncpg://menkou:…@/menkou?host=db1:5432&host=db2:5432

asyncpg's own list of hosts is not enough for a failover: it has one deadline for all hosts (a primary that swallows
packets uses it up before the next is asked), and it gives up at a server that is just starting. So each host is asked
by itself, with a deadline of its own.
"""

from __future__ import annotations

import socket
from typing import Any

import asyncpg
import structlog
from sqlalchemy.engine import URL, make_url

from backend.db.settings import DatabaseSettings

log = structlog.get_logger()

# A peer that has lost its power is noticed after about 20 s (idle) or 15 s (with data under way).
_KEEPALIVE_IDLE_S, _KEEPALIVE_INTERVAL_S, _KEEPALIVE_PROBES, _USER_TIMEOUT_MS = 10, 3, 3, 15_000


class NoPrimary(ConnectionError):
    """No host of the list takes writes now."""


def hosts_of(url: URL) -> list[tuple[str | None, int | None]]:
    """The hosts and ports of a URL, in its order; (None, None) leaves both to libpq's environment."""
    listed = url.query.get("host")
    if listed is None:
        return [(url.host, url.port)]
    entries = (listed,) if isinstance(listed, str) else listed
    found: list[tuple[str | None, int | None]] = []
    for entry in entries:
        host, colon, port = entry.rpartition(":")
        if entry.startswith("/") or not colon:
            found.append((entry, url.port))  # a folder with a Unix socket, or a host without a port
        else:
            found.append((host, int(port)))
    return found


def connect_arguments(url: str, settings: DatabaseSettings) -> dict[str, Any]:
    """What SQLAlchemy hands to the driver besides the URL."""
    return {
        "async_creator_fn": Primary(make_url(url), settings).connect,
        # The client's own deadline, for a server that says nothing any more. Above the server's, which is kinder: it
        # ends the statement and keeps the connection.
        "command_timeout": settings.statement_timeout_s + 5,
        "server_settings": {
            "application_name": settings.application_name,
            "statement_timeout": _milliseconds(settings.statement_timeout_s),
            "lock_timeout": _milliseconds(settings.lock_timeout_s),
            "idle_in_transaction_session_timeout": _milliseconds(settings.idle_in_transaction_s),
            "TimeZone": "UTC",
            "jit": "off",  # compiling costs more than our short statements
        },
    }


class Primary:
    """Finds the host that takes writes. The one that did last time is asked first."""

    def __init__(self, url: URL, settings: DatabaseSettings) -> None:
        self._hosts = hosts_of(url)
        self._timeout_s = settings.connect_timeout_s

    async def connect(self, **arguments: Any) -> Any:
        """A connection of asyncpg. Raises NoPrimary; a wrong password or database is asyncpg's own error."""
        arguments = {key: value for key, value in arguments.items() if key not in ("host", "port", "timeout")}
        faults: list[BaseException] = []
        for host, port in list(self._hosts):
            try:
                connection = await asyncpg.connect(
                    host=host,
                    port=port,
                    timeout=self._timeout_s,
                    target_session_attrs="any" if len(self._hosts) == 1 else "read-write",
                    **arguments,
                )
            # Nobody there, too late, just starting or stopping, only a standby.
            except (OSError, asyncpg.OperatorInterventionError, asyncpg.TargetServerAttributeNotMatched) as error:
                faults.append(error)
                continue
            _keep_alive(connection)
            if self._hosts[0] != (host, port):
                self._hosts.sort(key=lambda entry: entry != (host, port))
                log.info("database_primary", host=host, port=port)
            return connection
        raise NoPrimary(", ".join(type(fault).__name__ for fault in faults))


def _keep_alive(connection: Any) -> None:
    line = connection._transport.get_extra_info("socket")
    if line is None or line.family == socket.AF_UNIX:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_INTERVAL_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
