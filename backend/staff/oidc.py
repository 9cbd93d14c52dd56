"""An OpenID provider as its client sees it: discovery, authorization code with PKCE, the ID token and its checks.

OpenID Connect Core 1.0 §3.1 and Discovery 1.0. Whatever does not fit raises OidcError with a short code for the log;
nothing a provider or a browser sent is quoted.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # never "none", never a shared secret
LEEWAY_S = 60  # clocks
METADATA_LASTS_S = 3600.0
KEYS_AGAIN_S = 10.0  # an unknown key id makes us look anew, but not more often
TIMEOUT_S = 8.0


class OidcError(Exception):
    """`code`: why, for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Claims:
    """Of a checked ID token."""

    issuer: str
    subject: str
    email: str  # lower case, "" unless the provider has verified it
    login: str  # what an invitation may name: by default `sub`, as it is; any other claim in lower case
    username: str  # preferred_username, lower case: what people call themselves, nobody's proof
    name: str
    groups: tuple[str, ...]


class Provider:
    """`issuer` exactly as the provider names itself."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        issuer: str,
        client_id: str,
        client_secret: str = "",
        *,
        scope: str = "openid profile email",
        groups_claim: str = "groups",
        login_claim: str = "sub",
    ) -> None:
        self.issuer = issuer
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._groups_claim = groups_claim
        self._login_claim = login_claim
        self._metadata: dict[str, Any] = {}
        self._metadata_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def authorization_url(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        endpoint = (await self._discovered())["authorization_endpoint"]
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": redirect_uri,
                "scope": self._scope,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge_of(verifier),
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    async def redeem(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Claims:
        """The code for an ID token, checked."""
        metadata = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._client_secret and "client_secret_basic" in methods:
            auth = httpx.BasicAuth(self._client_id, self._client_secret)
        else:
            form["client_id"] = self._client_id
            if self._client_secret:
                form["client_secret"] = self._client_secret
        reply = await self._asked("POST", metadata["token_endpoint"], data=form, auth=auth)
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise OidcError("no-id-token")
        return self._claims(await self._verified(token), nonce)

    async def _verified(self, token: str) -> dict[str, Any]:
        for anew in (False, True):
            try:
                keys = await self._key_set(anew=anew)
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError, KeyError, TypeError):
                # A key we do not know yet may have come with a rotation: look once more.
                if anew or time.monotonic() - self._keys_at < KEYS_AGAIN_S:
                    raise OidcError("bad-signature") from None
        raise AssertionError

    def _claims(self, claims: dict[str, Any], nonce: str) -> Claims:
        now = time.time()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self.issuer:
            raise OidcError("wrong-issuer")
        if self._client_id not in audiences:
            raise OidcError("wrong-audience")
        if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != self._client_id:
            raise OidcError("wrong-party")
        if not _number(claims.get("exp")) or claims["exp"] + LEEWAY_S <= now:
            raise OidcError("expired")
        if not _number(claims.get("iat")) or claims["iat"] - LEEWAY_S > now:
            raise OidcError("not-yet")
        if claims.get("nonce") != nonce:
            raise OidcError("wrong-nonce")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise OidcError("no-subject")
        groups = claims.get(self._groups_claim)
        verified = claims.get("email_verified") is True
        return Claims(
            issuer=self.issuer,
            subject=subject,
            email=_text(claims.get("email")).lower() if verified else "",
            login=subject if self._login_claim == "sub" else _text(claims.get(self._login_claim)).lower(),
            username=_text(claims.get("preferred_username")).lower(),
            name=_text(claims.get("name")),
            groups=tuple(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else (),
        )

    async def _discovered(self) -> dict[str, Any]:
        if not self._metadata or time.monotonic() - self._metadata_at > METADATA_LASTS_S:
            found = await self._asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise OidcError("wrong-issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                scheme = urlsplit(_text(found.get(name))).scheme
                if scheme != "https" and not (scheme == "http" and self.issuer.startswith("http:")):
                    raise OidcError("bad-discovery")
            self._metadata, self._metadata_at = found, time.monotonic()
        return self._metadata

    async def _key_set(self, *, anew: bool) -> KeySet:
        if self._keys is None or anew:
            found = await self._asked("GET", (await self._discovered())["jwks_uri"])
            # Only keys for signatures, and never a shared secret.
            usable = [
                key
                for key in found.get("keys", [])
                if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
            ]
            self._keys = KeySet.import_key_set({"keys": usable})
            self._keys_at = time.monotonic()
        return self._keys

    async def _asked(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            reply = await self._client.request(
                method, url, headers={"Accept": "application/json"}, timeout=TIMEOUT_S, **options
            )
            body = reply.json() if reply.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            raise OidcError("unreachable") from None
        if not isinstance(body, dict):
            raise OidcError("refused-by-provider" if method == "POST" else "unreachable")
        return body


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return value.strip()[:300] if isinstance(value, str) else ""
