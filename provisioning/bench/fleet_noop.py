"""A raw ASGI app that takes a heartbeat and answers like the desk, without looking at it: the yardstick.

python -m provisioning.bench.fleet_noop /path/of.sock
python -m provisioning.bench.fleet_noop PORT SERVER.pem SERVER.key CLIENTS.pem
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

_BODY = f'{{"now":"{datetime.now(UTC).isoformat()}","interval_s":60,"jitter_s":6}}'.encode()
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


def main(where: str, *files: str) -> None:
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=330,
        backlog=4096,
    )
    if files:
        from backend.tls import KioskProtocol, kiosk_context

        context = kiosk_context(Path(files[0]), Path(files[1]), Path(files[2]).read_text())
        config.http, config.port = KioskProtocol, int(where)
        config.ssl_context_factory = lambda _config, _default: context
    else:
        config.uds = where
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
