"""Signing in: the browser goes to the identity provider with a state of ours, comes back with a code, and gets a session.

State, nonce and PKCE verifier are random, kept in PostgreSQL, good once and for ten minutes. A cookie binds them to the browser that
began, so that nobody can be signed in as somebody else.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from api.errors import SignInRefused
from api.people.identity import IdentityProvider
from api.people.roles import Role, person_of
from api.people.sessions import QUERIES, Session, Sessions, digest_of, new_secret
from ledger.clock import Clock
from ledger.errors import Overloaded
from ledger.eventstore.connections import PostgresPool

LASTS: Final = timedelta(minutes=10)
UNDER_WAY_MAX: Final = 10_000
HOME: Final = "/console"


class SignedIn(NamedTuple):
    """The new session's secret, and where the person wanted to go."""

    secret: str
    return_to: str
    principal: str


class SignIns:
    """Sign-ins under way, of all processes on one database."""

    def __init__(
        self, pool: PostgresPool, clock: Clock, provider: IdentityProvider, sessions: Sessions, *, claim: str, names: Mapping[str, Role]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._provider = provider
        self._sessions = sessions
        self._claim = claim
        self._names = names

    def begin(self, browser: str, return_to: str, *, renews: Session | None = None) -> str:
        """The address to send the browser to. ``browser`` is the secret in its cookie; ``renews`` is the session that a step-up renews.

        Raises IdentityProviderDown, Overloaded.
        """
        state, nonce, verifier, now = new_secret(), new_secret(), new_secret(), self._clock()
        url = self._provider.authorization_url(state=state, nonce=nonce, verifier=verifier, fresh=renews is not None)
        begun = self._pool.rows(
            QUERIES["begin_sign_in"],
            {
                "state": digest_of(state), "browser": digest_of(browser), "nonce": nonce, "verifier": verifier,
                "return_to": local_path(return_to), "renews": None if renews is None else renews.digest, "now": now,
                "forget": now - LASTS, "most": UNDER_WAY_MAX,
            },
        )  # fmt: skip
        if not begun:
            raise Overloaded("Too many people are signing in at once.")
        return url

    def complete(self, answer: Mapping[str, str], browser: str, session: Session | None, *, bound_to: bytes) -> SignedIn:
        """The session that an answer of the provider opens. ``session`` is the one the browser has now, ``bound_to`` what tells the browser
        and its network from others.

        Raises SignInRefused, IdentityProviderDown.
        """
        taken = self._pool.rows(QUERIES["take_sign_in"], {"state": digest_of(answer.get("state", ""))})
        if not taken:
            raise _refused("This sign-in was not begun here, or was completed before.", "state")
        [(browser_digest, nonce, verifier, return_to, renews, begun_at)] = taken
        if not browser or not hmac.compare_digest(browser_digest, digest_of(browser)):
            raise _refused("This sign-in was begun in another browser.", "state")
        if begun_at <= self._clock() - LASTS:
            raise _refused("This sign-in took too long.", "state")
        # RFC 9207: an answer that says who gives it must say the right one.
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise _refused("The answer comes from another identity provider.", "iss")
        if "error" in answer or not answer.get("code"):
            raise _refused("The identity provider did not sign you in.", "code")
        who = self._provider.redeem(answer["code"], verifier=verifier, nonce=nonce, fresh_since=None if renews is None else begun_at)
        person = person_of(who.claims, self._claim, self._names)
        if renews is not None and (session is None or session.digest != renews or session.person.subject != person.subject):
            raise _refused("This is not the person whose session was to be renewed.", "sub")
        replaced = None if session is None else session.digest
        return SignedIn(self._sessions.open(person, who.at, browser=bound_to, renews=replaced), return_to, person.principal)


def local_path(path: str) -> str:
    """The path, if it is a page of the console; its first page otherwise. A link must not lead people elsewhere."""
    is_local = path == HOME or (path.startswith((f"{HOME}/", f"{HOME}?")) and path.isascii() and path.isprintable())
    return path if is_local and "\\" not in path and "//" not in path and len(path) <= 500 else HOME


def _refused(detail: str, field: str) -> SignInRefused:
    return SignInRefused(detail, field=field, way_out="Sign in again from the start page.")
