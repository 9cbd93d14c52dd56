"""`menkou deploy`: nginx, systemd, PostgreSQL and settings for a desk in production, filled in, into a folder."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from backend.secret_files import write_secret
from provisioning.deploy.render import FILES, render

app = typer.Typer(help="The files a desk in production is set up with.")

# Where each file goes on the machine; patroni.yml is filled in by hand, on the database's machines.
PLACES = {
    "nginx.conf": "etc/nginx/nginx.conf",
    "nginx-secret.conf": "etc/nginx/menkou-secret.conf",
    "backend.env": "etc/menkou/backend.env",
    "postgresql.conf": "etc/postgresql/15/main/conf.d/menkou.conf",
    "prometheus.yml": "etc/prometheus/menkou.yml",
    **{
        name: f"etc/systemd/system/{name}"
        for name in (
            "menkou.target",
            "menkou-api@.service",
            "menkou-worker@.service",
            "menkou-migrate.service",
            "menkou-backup.service",
            "menkou-backup.timer",
        )
    },
}


@app.command()
def deploy(
    out: Annotated[Path, typer.Option(help="A folder; the files lie in it as on the machine: etc/nginx/…")],
    people: Annotated[str, typer.Option(help="The host people use, e.g. desk.example.gov.cn.")],
    kiosks: Annotated[str, typer.Option(help="The host kiosks use, e.g. kiosks.example.gov.cn.")],
    kiosk_port: Annotated[int, typer.Option(help="The port kiosks use.", min=1, max=65535)] = 8143,
    database: Annotated[
        str, typer.Option(help="The database's URL.")
    ] = "postgresql+asyncpg://menkou@/menkou?host=/run/postgresql",
    program: Annotated[Path, typer.Option(help="Where the program lies on the machine.")] = Path("/opt/menkou"),
) -> None:
    """Write the files. Secrets are made anew each time; files that are there already are left alone."""
    made = write_files(out, values_of(people, kiosks, kiosk_port, database, program))
    for path in made:
        print(path)
    if len(made) < len(PLACES):
        print(f"{len(PLACES) - len(made)} files were there already and are as they were")


def values_of(people: str, kiosks: str, kiosk_port: int, database: str, program: Path) -> dict[str, str]:
    """A value for each placeholder, as on Debian."""
    for name in (people, kiosks):
        if not name.replace(".", "").replace("-", "").isalnum():
            raise typer.BadParameter(f"{name} is not the name of a host")
    return {
        "PEOPLE_NAME": people,
        "KIOSK_NAME": kiosks,
        "KIOSK_PORT": str(kiosk_port),
        "KIOSK_LISTEN": str(kiosk_port),
        "PEOPLE_LISTEN": "443",
        "HTTP_LISTEN": "80",
        "LOCAL_LISTEN": "127.0.0.1:9180",
        "KIOSK_CERTIFICATE": "/etc/menkou/kiosk-door.pem",
        "KIOSK_KEY": "/etc/menkou/kiosk-door.key",
        "KIOSK_AUTHORITY": "/etc/menkou/kiosk-authority.pem",
        "PEOPLE_CERTIFICATE": "/etc/menkou/people-door.pem",
        "PEOPLE_KEY": "/etc/menkou/people-door.key",
        "SECRET_FILE": "/etc/nginx/menkou-secret.conf",
        "NGINX_USER": "www-data",
        "PID": "/run/nginx.pid",
        "LOG": "/var/log/nginx/error.log",
        "STATE": "/var/lib/nginx",
        "RUN": "/run/menkou",
        "PROGRAM": str(program),
        "DATABASE_URL": database,
        "PROXY_SECRET": secrets.token_urlsafe(36),
        "METRICS_TOKEN": secrets.token_urlsafe(36),
    }


def write_files(out: Path, values: dict[str, str]) -> list[Path]:
    """Those written; what is there is not touched (its secrets are in use)."""
    made = []
    for name, place in PLACES.items():
        target = out / place
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        text = render(name, values).encode()
        if any(secret.encode() in text for secret in (values["PROXY_SECRET"], values["METRICS_TOKEN"])):
            write_secret(target, text)
        else:
            target.write_bytes(text)
        made.append(target)
    return made


__all__ = ["FILES", "PLACES", "app", "values_of", "write_files"]
