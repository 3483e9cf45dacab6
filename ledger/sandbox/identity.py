"""An identity provider for demos and tests: OpenID Connect with a few invented people, and no passwords.

Whoever can reach it signs in as anybody on its list, so it listens on this machine only, and production mode refuses it
(`CORRIDOR_DEMO_IDENTITY`). What it does do, it does as a real one: discovery, authorization code with PKCE, codes good once and for a
minute, a client that shows its secret, tokens signed with a key that only this process has.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from threading import Lock
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ledger.clock import Clock

CODE_LASTS: Final = timedelta(minutes=1)
TOKEN_LASTS: Final = timedelta(minutes=5)


class InventedPerson(NamedTuple):
    """Somebody who does not exist: the subject, how the page calls them, and the roles their tokens name."""

    subject: str
    called: str
    roles: tuple[str, ...]


PEOPLE: Final = (
    InventedPerson("amina", "Amina, compliance officer in Rabat", ("officer",)),
    InventedPerson("bao", "Bao, senior compliance officer in Beijing", ("officer", "senior_officer")),
    InventedPerson("omar", "Omar, operator", ("operator",)),
    InventedPerson("noor", "Noor, auditor", ("auditor",)),
)


class _Grant(NamedTuple):
    """What a code stands for until it is redeemed."""

    person: InventedPerson
    asked: Mapping[str, str]
    at: datetime


class IdentityStub:
    """The provider as an ASGI application (`app`) for one client. Safe to share between threads."""

    def __init__(
        self, issuer: str, *, client_id: str, client_secret: str, redirect_uri: str, clock: Clock, people: Sequence[InventedPerson] = PEOPLE
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._people = {person.subject: person for person in people}
        self._key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"})
        self._grants: dict[str, _Grant] = {}
        self._lock = Lock()
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/authorize", self._authorize),
                Route("/authorize", self._choose, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
                Route("/sign-out", self._sign_out),
            ]
        )

    def _metadata(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "end_session_endpoint": f"{self.issuer}/sign-out",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    def _jwks(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    def _authorize(self, request: Request) -> Response:
        """Everybody on the list, one button each; nobody is remembered, so each sign-in is fresh."""
        asked = dict(request.query_params)
        wrong = self._wrong(asked)
        if wrong:
            return _page(f"<p>This request cannot be taken: {escape(wrong)}.</p>", status=400)
        fields = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items())
        buttons = "".join(
            f'<p><button id="{escape(person.subject)}" name="person" value="{escape(person.subject)}">{escape(person.called)}</button></p>'
            for person in self._people.values()
        )
        return _page(
            "<p>These people are invented and have no passwords: a stand-in for a bank's identity provider.</p>"
            f'<form method="post" action="/authorize">{fields}{buttons}</form>'
        )

    async def _choose(self, request: Request) -> Response:
        asked = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        person = self._people.get(asked.pop("person", ""))
        wrong = self._wrong(asked)
        if wrong or person is None:
            return _page(f"<p>This request cannot be taken: {escape(wrong or 'nobody was chosen')}.</p>", status=400)
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._grants[code] = _Grant(person, asked, self._clock())
        answer = urlencode({"code": code, "state": asked.get("state", ""), "iss": self.issuer})
        return RedirectResponse(f"{self._redirect_uri}?{answer}", status_code=303)

    async def _token(self, request: Request) -> Response:
        asked = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if not self._is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        with self._lock:
            grant = self._grants.pop(asked.get("code", ""), None)
        now = self._clock()
        if grant is None or now - grant.at > CODE_LASTS or asked.get("redirect_uri") != self._redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if not hmac.compare_digest(_challenge(asked.get("code_verifier", "")), grant.asked["code_challenge"]):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        claims = {
            "iss": self.issuer,
            "sub": grant.person.subject,
            "aud": self._client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "auth_time": int(grant.at.timestamp()),
            "nonce": grant.asked.get("nonce", ""),
            "roles": list(grant.person.roles),
        }
        token = jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)
        return JSONResponse({"token_type": "Bearer", "access_token": secrets.token_urlsafe(16), "expires_in": 300, "id_token": token})

    def _sign_out(self, _request: Request) -> Response:
        return _page("<p>Nobody was remembered here, so nobody needs to sign out.</p>")

    def _wrong(self, asked: Mapping[str, str]) -> str:
        """What is wrong with a request for a code; empty when nothing is."""
        expected = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in expected.items() if asked.get(name) != value]
        missing = [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)]
        return ", ".join([*wrong, *missing])

    def _is_client(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        try:
            name, _, secret = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return False
        shown = f"{unquote(name)}:{unquote(secret)}"
        return kind.lower() == "basic" and hmac.compare_digest(shown.encode(), f"{self._client_id}:{self._client_secret}".encode())


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2, computed here and not by the library that is tested against it."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _page(content: str, *, status: int = 200) -> Response:
    title = "Invented identity provider"
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f"<title>{title}</title></head>"
        f"<body><h1>{title}</h1>{content}</body></html>",
        status_code=status,
    )
