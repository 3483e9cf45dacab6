"""What a token must be to let somebody in; each test changes one thing of a token that passes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from pydantic import SecretStr

from api.errors import IdentityProviderDown, SignInRefused
from api.people.identity import IdentityProvider
from api.people.roles import Person, Role, person_of
from ledger.clock import SetClock

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://id.example/realm", "corridor", "n" * 43
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "elliptic", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "elliptic", "use": "sig"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "amina",
    "aud": CLIENT,
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    "auth_time": int((NOW - timedelta(minutes=1)).timestamp()),
    "nonce": NONCE,
    "roles": ["officer"],
}
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
}


class Provider:
    """An identity provider without a network; ``asked`` holds what it was asked, in order."""

    def __init__(self, token: str, *, metadata: Mapping[str, Any] = METADATA, keys: object = None) -> None:
        self.token = token
        self.metadata = metadata
        self.keys = keys if keys is not None else KeySet([ELLIPTIC, RSA]).as_dict(private=False)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answers = {
            "/realm/.well-known/openid-configuration": self.metadata,
            "/realm/jwks": self.keys,
            "/realm/token": {"token_type": "Bearer", "access_token": "a", "id_token": self.token},
        }
        return httpx.Response(200, json=answers[request.url.path])


def client(provider: Callable[[httpx.Request], httpx.Response], clock: SetClock | None = None) -> IdentityProvider:
    return IdentityProvider(
        issuer=ISSUER, client_id=CLIENT, client_secret=SecretStr("hush"), redirect_uri="https://corridor.example/console/callback",
        clock=clock or SetClock(NOW), http=httpx.Client(transport=httpx.MockTransport(provider)),
    )  # fmt: skip


def signed(key: Any = ELLIPTIC, alg: str = "ES256", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


def redeem(token: str, *, fresh_since: datetime | None = None, **provider: Any) -> Mapping[str, Any]:
    return client(Provider(token, **provider)).redeem("code", verifier="v" * 43, nonce=NONCE, fresh_since=fresh_since).claims


def unsigned() -> str:
    """A token with algorithm none, as RFC 7519 §6 shows one."""
    parts = ({"alg": "none"}, CLAIMS)
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts), ""])


@pytest.mark.parametrize("token", [signed(), signed(RSA, "RS256"), signed(RSA, "PS256"), signed(aud=[CLIENT], azp=CLIENT)])
def test_a_sound_token_lets_its_subject_in(token: str) -> None:
    """Signed by a key of the provider, with an algorithm of our list."""
    assert person_of(redeem(token), "roles", {"officer": Role.OFFICER}) == Person("amina", frozenset({Role.OFFICER}))


SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(iss="https://elsewhere.example"), id="another issuer"),
        pytest.param(signed(aud="another"), id="for another client"),
        pytest.param(signed(aud=["another", "third"]), id="for other clients"),
        pytest.param(signed(aud=[CLIENT, "another"], azp="another"), id="given to another client"),
        pytest.param(signed(exp=SECONDS - 31), id="expired"),
        pytest.param(signed(iat=SECONDS + 31), id="of the future"),
        pytest.param(signed(nonce="m" * 43), id="of another sign-in"),
        pytest.param(signed(nonce=None), id="of no sign-in"),
        pytest.param(signed(exp=None), id="for ever"),
        pytest.param(signed(iat=None), id="of no time"),
        pytest.param(signed(sub=None), id="about nobody"),
        pytest.param(signed(auth_time=SECONDS + 31), id="authenticated in the future"),
        pytest.param(signed(auth_time="yesterday"), id="authenticated at no instant"),
        pytest.param(signed(STRANGER), id="signed by a stranger with our key id"),
        pytest.param(signed(RSA, "RS512"), id="signed with an algorithm that is not on the list"),
        pytest.param(unsigned(), id="not signed"),
        pytest.param("no token", id="no token"),
    ],
)  # fmt: skip
def test_any_other_token_is_refused(token: str) -> None:
    """In the same words, which say nothing of the token."""
    with pytest.raises(SignInRefused, match=r"does not pass|did not ask"):
        redeem(token)


def test_a_symmetric_key_is_no_key_of_the_provider() -> None:
    """A published secret would let everybody sign; nor does our own public key become one."""
    shared = OctKey.import_key(b"0" * 32, {"kid": "shared", "use": "sig"})
    keys = {"keys": [*KeySet([ELLIPTIC]).as_dict(private=False)["keys"], shared.as_dict(private=True)]}
    with pytest.raises(SignInRefused):
        redeem(signed(shared, "HS256"), keys=keys)


def test_a_step_up_needs_the_person_to_have_signed_in_since() -> None:
    """The provider says when; one that remembers an earlier sign-in, or does not say, is not enough."""
    since = NOW - timedelta(minutes=1)
    assert redeem(signed(), fresh_since=since)["auth_time"] == SECONDS - 60
    for token in (signed(auth_time=SECONDS - 91), signed(auth_time=None)):
        with pytest.raises(SignInRefused):
            redeem(token, fresh_since=since)


def test_a_new_key_of_the_provider_is_asked_for_once() -> None:
    """Keys turn over; a token with an unknown key id does not make us ask again and again."""
    clock = SetClock(NOW)
    provider = Provider(signed(), keys=KeySet([RSA]).as_dict(private=False))
    asking = client(provider, clock)
    for _ in range(3):
        with pytest.raises(SignInRefused):
            asking.redeem("code", verifier="v" * 43, nonce=NONCE, fresh_since=None)
    clock.advance(timedelta(seconds=30))
    provider.keys = KeySet([ELLIPTIC]).as_dict(private=False)
    asking.redeem("code", verifier="v" * 43, nonce=NONCE, fresh_since=None)
    assert [request.url.path for request in provider.asked].count("/realm/jwks") == 2


def test_the_code_is_redeemed_with_its_verifier_and_the_clients_secret() -> None:
    """PKCE (RFC 7636) and client_secret_basic (RFC 6749 §2.3.1)."""
    provider = Provider(signed())
    client(provider).redeem("the code", verifier="v" * 43, nonce=NONCE, fresh_since=None)
    [asked] = [request for request in provider.asked if request.url.path == "/realm/token"]
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the code"],
        "redirect_uri": ["https://corridor.example/console/callback"],
        "code_verifier": ["v" * 43],
    }
    assert asked.headers["authorization"] == "Basic Y29ycmlkb3I6aHVzaA=="


@pytest.mark.parametrize(
    "metadata",
    [METADATA | {"issuer": "https://elsewhere.example"}, METADATA | {"token_endpoint": "http://id.example/token"}, {}],
    ids=["another issuer", "an endpoint without TLS", "nothing"],
)
def test_a_provider_that_says_the_wrong_things_of_itself_is_not_used(metadata: Mapping[str, Any]) -> None:
    """OpenID Connect Discovery 1.0 §4.3: the issuer is the one we asked; codes go nowhere without TLS."""
    with pytest.raises(IdentityProviderDown):
        redeem(signed(), metadata=metadata)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "amina", "roles": []},
        {"sub": "amina", "roles": ["baker"]},
        {"sub": "amina"},
        {"sub": "amina", "roles": ["officer", "operator"]},
        {"sub": "amina@bank.example", "roles": ["officer"]},
        {"sub": "Amina Idrissi", "roles": ["officer"]},
        {"sub": "", "roles": ["officer"]},
    ],
    ids=["no role", "another role", "no claim", "two duties", "an address", "a name", "nobody"],
)
def test_who_holds_no_single_duty_here_is_not_let_in(claims: Mapping[str, Any]) -> None:
    """Nor a subject that would put personal data into the log."""
    with pytest.raises(SignInRefused):
        person_of(claims, "roles", {role.value: role for role in Role})


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"realm_access": {"roles": ["aml-2"]}}, "realm_access.roles"),
        ({"https://bank.example/roles": ["aml-2"]}, "https://bank.example/roles"),
        ({"groups": "staff aml-2"}, "groups"),
    ],
)
def test_roles_are_read_where_the_provider_keeps_them(claims: Mapping[str, Any], claim: str) -> None:
    """By name, by path, as a list or as words; under the provider's own names."""
    person = person_of({"sub": "amina", **claims}, claim, {"aml-2": Role.SENIOR_OFFICER})
    assert person == Person("amina", frozenset({Role.SENIOR_OFFICER}))
