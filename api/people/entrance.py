"""What people's part of the service is made of, wired from the settings once."""

from __future__ import annotations

from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import Response

from api.client_certificate import TrustedHop
from api.errors import SignInRefused, StepUpNeeded
from api.people.identity import IdentityProvider
from api.people.operations import Rule
from api.people.pace import Pace
from api.people.roles import Role
from api.people.sessions import Session, Sessions, new_secret
from api.people.sign_in import SignIns
from api.people.surroundings import Surroundings
from ledger.bootstrap import Service

SESSION_COOKIE: Final = "__Host-corridor-session"
SIGN_IN_COOKIE: Final = "__Host-corridor-sign-in"
CALLBACK: Final = "/console/callback"


class Entrance:
    """Sessions, sign-ins and the identity provider of one service. Close it when done."""

    def __init__(self, service: Service, *, http: httpx.Client | None = None) -> None:
        settings = service.settings
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        assert settings.public_url is not None
        self.origin = settings.public_url
        self._clock = service.clock
        self._fresh = settings.step_up_seconds
        self.provider = IdentityProvider(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            redirect_uri=self.origin + CALLBACK,
            clock=service.clock,
            http=http,
        )
        self.surroundings = Surroundings(settings, TrustedHop(settings.trusted_proxies, service.clock))
        self.pace = Pace(
            service.pool, service.clock, acts_per_minute=settings.acts_per_minute_max, reading_seconds=settings.reading_seconds_min
        )
        self.sessions = Sessions(service.pool, service.clock)
        names = {value: Role(role) for value, role in settings.oidc_role_names} or {role.value: role for role in Role}
        self.sign_ins = SignIns(service.pool, service.clock, self.provider, self.sessions, claim=settings.oidc_roles_claim, names=names)

    def close(self) -> None:
        """Closes the connections to the provider."""
        self.provider.close()

    def session_of(self, request: Request) -> Session | None:
        """The session a browser shows, if it still counts and began in that browser."""
        secret = request.cookies.get(SESSION_COOKIE, "")
        return self.sessions.find(secret, self.surroundings.browser_of(request.scope)) if secret else None

    def is_fresh(self, session: Session) -> bool:
        """Whether the person showed who they are a short while ago."""
        return (self._clock() - session.authenticated_at).total_seconds() <= self._fresh

    def check_fresh(self, session: Session, rule: Rule) -> None:
        """Raises StepUpNeeded when the operation asks for a fresh sign-in and this one is not."""
        if rule.fresh and not self.is_fresh(session):
            raise StepUpNeeded(
                f"This needs a sign-in not older than {self._fresh} seconds.",
                field="session",
                way_out="Confirm who you are at /console/step-up, then do it again.",
            )

    def check(self, session: Session, rule: Rule, request: Request) -> None:
        """Whether the person may do this from here, now, at this pace and by this sign-in.

        Raises DecidedElsewhere, StepUpNeeded, TooFastForAPerson.
        """
        self.surroundings.check(session.person, rule, request.scope, self._clock())
        self.check_fresh(session, rule)
        self.pace.check(session.person, request.method, request.scope["path"])

    # Pages that everybody may ask for

    def begin(self, request: Request, *, renews: Session | None = None) -> Response:
        """Sends the browser to the identity provider; ``return_to`` of the query says where it wants to go afterwards."""
        browser = request.cookies.get(SIGN_IN_COOKIE) or new_secret()
        url = self.sign_ins.begin(browser, request.query_params.get("return_to", ""), renews=renews)
        response = _see_other(url)
        _set_cookie(response, SIGN_IN_COOKIE, browser)
        return response

    def complete(self, request: Request) -> Response:
        """The browser comes back from the identity provider; it goes on with a new session. Raises SignInRefused."""
        answer = dict(request.query_params)
        if len(answer) < len(request.query_params.multi_items()):
            raise SignInRefused("The answer says something twice.", field="sign-in", way_out="Sign in again from the start page.")
        signed_in = self.sign_ins.complete(
            answer,
            request.cookies.get(SIGN_IN_COOKIE, ""),
            self.session_of(request),
            bound_to=self.surroundings.browser_of(request.scope),
        )
        # For the line that the request leaves in the log: who came in.
        request.state.partner = signed_in.principal
        response = _see_other(signed_in.return_to)
        _set_cookie(response, SESSION_COOKIE, signed_in.secret)
        _drop_cookie(response, SIGN_IN_COOKIE)
        return response

    def sign_out(self, session: Session) -> Response:
        """Ends the session here and takes its cookie away."""
        self.sessions.end(session)
        response = _see_other("/console/signed-out")
        _drop_cookie(response, SESSION_COOKIE)
        return response


def _see_other(url: str) -> Response:
    return Response(status_code=303, headers={"Location": url})


def _set_cookie(response: Response, name: str, value: str) -> None:
    """A cookie of this host alone, for the browser's session. Lax, not strict: who comes back from the provider must have it."""
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="lax")


def _drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
