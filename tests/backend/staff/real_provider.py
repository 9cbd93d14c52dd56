"""A real OpenID provider (Canaille, from its own environment), the desk on a loopback port, and a browser without a
screen that walks between the two: for test_oidc_real_provider.py.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from backend.app import create_app
from backend.settings import BackendSettings
from backend.staff.settings import StaffSettings

PYTHON = Path(__file__).resolve().parents[3] / ".setup/oidc-provider/bin/python"
CLIENT = "menkou"
PASSWORD = "seven-grey-herons-7"
PEOPLE = 40
MAX_STEPS = 20  # of one walk: a loop between the two ends here
STARTS_WITHIN_S = 90


@dataclass(frozen=True)
class Canaille:
    """`desk`: a socket that listens where the provider sends browsers back to."""

    issuer: str
    secret: str
    desk: socket.socket
    people: Iterator[str]

    @property
    def desk_url(self) -> str:
        return f"http://127.0.0.1:{self.desk.getsockname()[1]}"


@contextmanager
def canaille(directory: Path) -> Iterator[Canaille]:
    """While the block runs; its data in `directory`. Its people are p0, p1 …, all with PASSWORD: one for each test."""
    secret = secrets.token_urlsafe(24)
    names = [f"p{number}" for number in range(PEOPLE)]
    with socket.create_server(("127.0.0.1", 0)) as desk:
        back = f"http://127.0.0.1:{desk.getsockname()[1]}/console/sign-in/oidc/callback"
        scene = {
            "database": str(directory / "canaille.sqlite3"),
            "secret_key": secrets.token_urlsafe(24),
            "people": [
                {
                    "user_name": name,
                    "family_name": "样本",
                    "formatted_name": f"样本 {name}",
                    "display_name": "p0",  # what people call themselves: nobody's to trust
                    "emails": [f"{name}@example.invalid"],
                    "password": PASSWORD,
                }
                for name in names
            ],
            "client": {
                "client_id": CLIENT,
                "client_secret": secret,
                "client_name": "Menkou",
                "client_uri": "http://desk.invalid",
                "redirect_uris": [back],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "scope": ["openid", "profile", "email"],
                "token_endpoint_auth_method": "client_secret_basic",
            },
        }
        process = subprocess.Popen(
            [PYTHON, Path(__file__).with_name("canaille_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(scene) + "\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], STARTS_WITHIN_S)
            issuer = process.stdout.readline().strip() if ready else ""
            assert issuer, "the provider did not start; what it said is above"
            yield Canaille(issuer, secret, desk, iter(names))
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


@contextmanager
def desk_beside(provider: Canaille, database: str, directory: Path, pack: Path, **staff: object) -> Iterator[FastAPI]:
    """The real app behind uvicorn, as the embedded backend runs, while the block runs. `staff`: more settings."""
    settings = BackendSettings(
        var_dir=directory / "backend",
        sandbox_dir=directory / "sandbox",
        content_dir=pack,
        database_url=database,
        public_url=provider.desk_url,
        sweep_interval_s=3600,
        jobs=False,
    )
    app = create_app(settings, transport=httpx.MockTransport(lambda request: httpx.Response(503)))
    known = {
        "first_account": False,
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": provider.secret,
        "oidc_name": "Canaille",
    }
    app.state.staff_settings = StaffSettings.model_validate({**known, **staff})
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    listener = provider.desk.dup()  # uvicorn closes what it is given
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + STARTS_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the desk did not start")
        time.sleep(0.02)
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join(15)


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").upper(), {}))
            self._open = True
        elif tag == "input" and self._open and given.get("name") and given.get("type") != "checkbox":
            self.found[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


@dataclass
class Walker:
    """A browser: keeps cookies, holds SameSite=Strict ones back on the way from another site, fills in forms.

    `seen`: which of the provider's forms came, in order. `visited`: every address without its query."""

    client: httpx.AsyncClient
    login: str
    password: str = PASSWORD
    consent: str = "accept"
    seen: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    _strict: set[str] = field(default_factory=set)
    _redeemed: ClassVar[dict[str, int]] = {}  # login: the second in which their last code was, at the latest

    async def open(self, address: str) -> httpx.Response:
        """Redirects are followed."""
        return await self._go("GET", address, None, urlsplit(address).hostname)

    async def follow_link(self, page: httpx.Response, part: str) -> httpx.Response:
        """The first link whose address contains `part`."""
        links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
        link = next(link for link in links if part in link)
        return await self._go("GET", urljoin(str(page.url), link), None, page.url.host)

    async def through(self, page: httpx.Response) -> httpx.Response:
        """From the provider's page to the page behind: its forms are filled in, and our page on the way followed."""
        for _ in range(MAX_STEPS):
            step = await self.step(page)
            if step is None:
                return page
            page = step
        raise AssertionError(f"no end: {self.visited}")

    async def step(self, page: httpx.Response) -> httpx.Response | None:
        """What the person or browser does on this page; None: they have arrived, or are stuck."""
        onward = re.search(r'http-equiv="refresh" content="\d+; ?url=([^"]+)"', page.text, re.IGNORECASE)
        if onward is not None:
            return await self._go("GET", urljoin(str(page.url), unescape(onward[1])), None, page.url.host)
        if page.url.path.startswith("/console"):
            return None
        forms = _Forms()
        forms.feed(page.text)
        for form in forms.found:
            kind = self._fill(form, page)
            if kind and self.seen.count(kind) < 2:
                self.seen.append(kind)
                action = urljoin(str(page.url), form.action or str(page.url))
                return await self._go(form.method, action, form.fields, page.url.host)
        return None

    async def step_away(self, authorization: str, changed: dict[str, str]) -> httpx.Response:
        """Through the provider with another request than the desk asked for; our page at the end."""
        parts = urlsplit(authorization)
        query = dict(parse_qsl(parts.query)) | changed
        return await self.through(await self.open(parts._replace(query=urlencode(query)).geturl()))

    async def code_of(self, authorization: str) -> str:
        """The code the provider gives this person, before it reaches the desk. They are known there already."""
        reply = await self.client.get(authorization, follow_redirects=False)
        return parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]

    def _fill(self, form: Form, page: httpx.Response) -> str:
        if "login" in form.fields:
            form.fields["login"] = self.login
            return "login"
        if "password" in form.fields:
            form.fields["password"] = self.password
            return "password"
        if 'value="accept"' in page.text and page.url.path == "/oauth/authorize":
            form.fields["answer"] = self.consent
            return "consent"
        return ""

    async def _go(
        self, method: str, address: str, fields: dict[str, str] | None, started_on: str | None
    ) -> httpx.Response:
        sites = {started_on}
        for _ in range(MAX_STEPS):
            self.visited.append(address.partition("?")[0])
            back = urlsplit(address).path.endswith("/oidc/callback")
            # Canaille 0.3.6 fails at a person's second code in one second: both tokens would be the same.
            while back and self._redeemed.get(self.login, 0) >= int(time.time()):
                await asyncio.sleep(0.05)
            sites.add(urlsplit(address).hostname)
            request = self.client.build_request(method, address, data=fields, headers={"Accept": "text/html"})
            if len(sites) > 1:
                cookies = request.headers.get("cookie", "").split("; ")
                kept = [cookie for cookie in cookies if cookie.partition("=")[0] not in self._strict]
                request.headers["cookie"] = "; ".join(kept)
            reply = await self.client.send(request, follow_redirects=False)
            if back:
                self._redeemed[self.login] = int(time.time())
            for cookie in reply.headers.get_list("set-cookie"):
                if "samesite=strict" in cookie.lower():
                    self._strict.add(cookie.partition("=")[0])
            if not reply.is_redirect:
                return reply
            method, fields, address = "GET", None, urljoin(address, reply.headers["location"])
        raise AssertionError(f"no end: {self.visited}")


@contextmanager
def no_proxy() -> Iterator[None]:
    """Both ends are on the loopback: whatever proxy the machine knows has no part in it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield
