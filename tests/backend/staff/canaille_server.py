"""Canaille, an OpenID provider, on a loopback port, with people and one client. Run by its own Python environment:

    .setup/oidc-provider/bin/python canaille_server.py < scene.json

Its data is in an SQLite file: its backend in memory finds any code of a client for any other. Prints its issuer when
it answers; ends when its input is closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

import canaille  # type: ignore[import-not-found]
from canaille.app import models  # type: ignore[import-not-found]
from canaille.backends import Backend  # type: ignore[import-not-found]
from werkzeug.serving import make_server  # type: ignore[import-not-found]


def main() -> None:
    scene: dict[str, Any] = json.loads(sys.stdin.readline())
    # The port is taken first: the issuer's name contains it.
    server = make_server("127.0.0.1", 0, None, threaded=True)
    name = f"localhost:{server.server_port}"
    app = canaille.create_app(
        config={
            "SECRET_KEY": scene["secret_key"],
            "SERVER_NAME": name,
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {
                "DATABASE": "sql",
                "SMTP": None,
                "LOGGING": {"version": 1, "disable_existing_loggers": False},
            },
            "CANAILLE_SQL": {
                "DATABASE_URI": f"sqlite:///{scene['database']}",
                "PASSWORD_HASH_PARAMS": {"pbkdf2_sha512__rounds": 1000},
            },
            "CANAILLE_OIDC": {"TRUSTED_DOMAINS": [], "REQUIRE_NONCE": True},
        }
    )
    with app.app_context():
        for person in scene["people"]:
            Backend.instance.save(models.User(**person))
        client = models.Client(**scene["client"])
        Backend.instance.save(client)
        client.audience = [client]  # as its own form for clients does
        Backend.instance.save(client)
    server.app = app
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://{name}\n")
    sys.stdout.flush()
    sys.stdin.read()  # until whoever started us closes it, or dies
    os._exit(0)


if __name__ == "__main__":
    main()
