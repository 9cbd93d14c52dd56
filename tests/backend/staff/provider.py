"""An OpenID provider for tests, written from the specification, that can be told to misbehave."""

from __future__ import annotations

import base64
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from backend.staff.oidc import challenge_of

ISSUER = "https://login.invalid"
CLIENT = "menkou"
SECRET = "not-a-secret"


@dataclass
class StubProvider:
    """`claims` go into the next ID tokens; `how` makes the token: see `_token`."""

    claims: dict[str, Any] = field(default_factory=dict)
    how: str = "good"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))
    published: list[RSAKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    issuer: str = ISSUER

    def __post_init__(self) -> None:
        self.published = [self.key]

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def log_in(self, address: str) -> dict[str, str]:
        """What the person does at the authorization endpoint; the query the browser comes back with."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def rotate(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig"})
        self.published = [self.key]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(
                200,
                json={
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/jwks",
                },
            )
        if request.url.path == "/jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.published]})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        flow = self.codes.pop(form["code"], None)  # a code works once
        if (
            basic != f"{CLIENT}:{SECRET}"
            or flow is None
            or challenge_of(form["code_verifier"]) != flow["code_challenge"]
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        if form["redirect_uri"] != flow["redirect_uri"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": "a", "token_type": "Bearer", "id_token": self._token(flow)})

    def _token(self, flow: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 300,
            "nonce": flow["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": str(self.key.kid)}
        if self.how == "none":
            return ".".join([_b64({"alg": "none"}), _b64(claims), ""])
        if self.how == "hmac":  # the public key as a shared secret
            signed = f"{_b64({'alg': 'HS256', 'kid': header['kid']})}.{_b64(claims)}"
            mac = hmac.new(self.published[0].as_pem(private=False), signed.encode(), "sha256").digest()
            return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        if self.how == "stranger":
            other = RSAKey.generate_key(2048, {"kid": header["kid"]})
            return jwt.encode(header, claims, other)
        if self.how == "altered":
            head, _, signature = jwt.encode(header, claims, self.key).split(".")
            return ".".join([head, _b64({**claims, "sub": "2"}), signature])
        return "garbage" if self.how == "garbage" else jwt.encode(header, claims, self.key)


def _b64(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
