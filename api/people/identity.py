"""The identity provider, seen from here: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636).

Authlib builds the requests and checks the claims. The token is read once, when somebody signs in, and dropped: neither it nor the access
token leaves this process, and neither is kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import SecretStr

from api.errors import IdentityProviderDown, SignInRefused
from ledger.clock import Clock

logger = logging.getLogger(__name__)

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "Ed25519")
"""Of signatures on tokens. Nothing symmetric, and never none; the token does not choose beyond these."""
SCOPE: Final = "openid"
CLOCK_SKEW: Final = timedelta(seconds=30)
PATIENCE_SECONDS: Final = 5.0
_METADATA_LASTS: Final = timedelta(hours=1)
_KEYS_ASKED_AGAIN_AFTER: Final = timedelta(seconds=30)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Authenticated(NamedTuple):
    """What a token that passed every check says, and when the person showed who they are."""

    claims: Mapping[str, Any]
    at: datetime


class _Metadata(NamedTuple):
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    token_endpoint_auth_methods: tuple[str, ...]
    read_at: datetime


class IdentityProvider:
    """One provider by its issuer. Safe to share between threads; every method but the constructor may ask it over the network.

    Raises IdentityProviderDown when it does not answer as the standard says.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: SecretStr | None,
        redirect_uri: str,
        clock: Clock,
        http: httpx.Client | None = None,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock
        # Redirects are not followed and proxies of the environment not used: tokens go where the metadata says, or nowhere.
        self._http = http or httpx.Client(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False)
        self._lock = Lock()
        self._metadata: _Metadata | None = None
        self._keys: tuple[KeySet, datetime] | None = None

    def close(self) -> None:
        """Closes the connections to the provider."""
        self._http.close()

    def authorization_url(self, *, state: str, nonce: str, verifier: str, fresh: bool) -> str:
        """Where the browser goes to sign in; ``fresh`` asks the provider to authenticate the person anew."""
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        } | ({"prompt": "login", "max_age": "0"} if fresh else {})
        endpoint = self._discovered().authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def end_session_url(self, back_to: str) -> str:
        """Where a browser signs out of the provider too; empty when it has no such place."""
        endpoint = self._discovered().end_session_endpoint
        return endpoint and f"{endpoint}?{urlencode({'client_id': self._client_id, 'post_logout_redirect_uri': back_to})}"

    def redeem(self, code: str, *, verifier: str, nonce: str, fresh_since: datetime | None) -> Authenticated:
        """Exchanges a code for a token and checks it. With ``fresh_since`` the person must have shown who they are after that instant.

        Raises SignInRefused when the provider refuses the code or the token does not pass.
        """
        answer = self._exchange(code, verifier)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("The identity provider gave no id token.")
        now = self._clock()
        try:
            decoded = self._decoded(token, now)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._client_id}},
                params={"nonce": nonce, "client_id": self._client_id, "access_token": answer.get("access_token")}
                | ({} if fresh_since is None else {"max_age": 1}),
            )
            claims.validate(now=int(now.timestamp()), leeway=int(CLOCK_SKEW.total_seconds()))
            at = datetime.fromtimestamp(claims.get("auth_time", claims["iat"]), UTC)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
            # The class says what was wrong; messages may repeat parts of the token.
            logger.warning("an id token was refused: %s", type(error).__name__)
            raise _refused("The identity provider's token does not pass.") from None
        if at > now + CLOCK_SKEW or (fresh_since is not None and at < fresh_since - CLOCK_SKEW):
            raise _refused("The identity provider did not ask you anew who you are.")
        return Authenticated(claims, at)

    def _decoded(self, token: str, now: datetime) -> jwt.Token:
        """The token, if one of the provider's keys signed it; keys it does not have yet are asked for once more."""
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        keys, read_at = self._key_set(now, newer_than=None)
        try:
            return jwt.decode(token, keys, registry=registry)
        except InvalidKeyIdError:
            if now - read_at < _KEYS_ASKED_AGAIN_AFTER:
                raise
            return jwt.decode(token, self._key_set(now, newer_than=read_at)[0], registry=registry)

    def _key_set(self, now: datetime, *, newer_than: datetime | None) -> tuple[KeySet, datetime]:
        with self._lock:
            known = self._keys
        if known is not None and now - known[1] < _METADATA_LASTS and known[1] != newer_than:
            return known
        read = self._ask("GET", self._discovered().jwks_uri)
        try:
            # Only public keys of signatures: a symmetric key in the set would make everybody a signer.
            listed = [key for key in read["keys"] if key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"]
            found = KeySet.import_key_set({"keys": listed}), now
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise IdentityProviderDown("The identity provider's keys cannot be read.") from None
        with self._lock:
            self._keys = found
        return found

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        metadata = self._discovered()
        secret = "" if self._client_secret is None else self._client_secret.get_secret_value()
        supported = metadata.token_endpoint_auth_methods
        method = "none" if not secret else "client_secret_basic" if "client_secret_basic" in supported else "client_secret_post"
        body = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri, "code_verifier": verifier})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        uri, headers, body = ClientAuth(self._client_id, secret, method).prepare("POST", metadata.token_endpoint, headers, body)
        return self._ask("POST", uri, headers=headers, content=body, refusable=True)

    def _discovered(self) -> _Metadata:
        """What the provider says of itself (OpenID Connect Discovery 1.0 §4)."""
        now = self._clock()
        with self._lock:
            known = self._metadata
        if known is not None and now - known.read_at < _METADATA_LASTS:
            return known
        told = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise IdentityProviderDown("The identity provider says it is another issuer than CORRIDOR_OIDC_ISSUER names.")
        found = _Metadata(
            self._endpoint(told, "authorization_endpoint"),
            self._endpoint(told, "token_endpoint"),
            self._endpoint(told, "jwks_uri"),
            self._endpoint(told, "end_session_endpoint") if "end_session_endpoint" in told else "",
            tuple(told.get("token_endpoint_auth_methods_supported", ("client_secret_basic",))),
            now,
        )
        with self._lock:
            self._metadata = found
        return found

    def _endpoint(self, told: Mapping[str, Any], name: str) -> str:
        """An endpoint by TLS, or on this machine where the issuer itself is: a password goes there, or a code."""
        url = str(told.get(name, ""))
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK and self.issuer.startswith("http://")):
            return url
        raise IdentityProviderDown(f"The identity provider's {name} is no https address.")

    def _ask(self, method: str, url: str, *, refusable: bool = False, **how: Any) -> Mapping[str, Any]:
        try:
            response = self._http.request(method, url, **how)
            told = json.loads(response.content)
        except (httpx.HTTPError, ValueError) as error:
            raise IdentityProviderDown(f"The identity provider does not answer: {type(error).__name__}.") from None
        if refusable and response.status_code in (400, 401):
            logger.warning("the identity provider refused a code: %.60r", told.get("error") if isinstance(told, dict) else "")
            raise _refused("The identity provider refused the sign-in.")
        if response.status_code != 200 or not isinstance(told, dict):
            raise IdentityProviderDown(f"The identity provider answered with status {response.status_code}.")
        return told


def _refused(detail: str) -> SignInRefused:
    return SignInRefused(detail, field="sign-in", way_out="Sign in again; if it fails again, ask the operator.")
