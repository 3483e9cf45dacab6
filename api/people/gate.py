"""The way in for people. It stands before the gate for signatures and lets everything else pass on to that one.

A request to the console, or one to the API that shows a session's cookie and no signature, is decided here: the session, the role table,
where the request comes from and when, the person's pace, and whether the sign-in is fresh. What it found stands in the request's state, as
`api.gate` leaves it there: ``caller`` (the person's name in the ledger) and ``body``; ``session`` besides.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import Caller, no_such_corridor
from api.console.refused import refused_page
from api.errors import BodyTooLarge, NotSignedIn, RequestInvalid
from api.gate import log_failure
from api.people.entrance import SESSION_COOKIE, Entrance
from api.people.headers import with_security_headers
from api.people.operations import OPEN_TO_ALL, check_permitted
from api.people.origin import SAFE_METHODS, check_csrf, check_origin
from api.people.sessions import Session
from api.problems import respond
from ledger.bootstrap import Service
from ledger.eventstore.log import Log

THREADS_MAX = 16
FORM_BYTES_MAX = 64 * 1024
FORM = "application/x-www-form-urlencoded"
CSRF_HEADER = "Corridor-CSRF"
_CONSOLE = re.compile(r"^/console(?:/corridors/([^/]*))?(?:/|$)")
_API = re.compile(r"^/v1/corridors/([^/]*)(?:/|$)")


class PeopleGate:
    """ASGI middleware in front of `api.gate.Gate`; ``console`` answers the pages."""

    def __init__(self, app: ASGIApp, *, entrance: Entrance, console: ASGIApp, service: Service) -> None:
        self._app = app
        self._entrance = entrance
        self._console = console
        self._service = service
        self._threads = CapacityLimiter(THREADS_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _CONSOLE.match(scope["path"]):
            await self._answer_page(scope, receive, with_security_headers(send))
        elif _shows_session(scope):
            await self._answer_api(scope, receive, with_security_headers(send))
        else:
            await self._app(scope, receive, send)

    # The API, by a session

    async def _answer_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            token = request.headers.get(CSRF_HEADER, "")
            session = await to_thread.run_sync(self._admit, request, token, limiter=self._threads)
            match = _API.match(scope["path"])
            caller = await self._caller(session, match.group(1) if match else "")
            scope.setdefault("state", {}).update(session=session, caller=caller)
        except Exception as error:
            await self._fail(error, respond(error), scope, receive, send)
            return
        await self._app(scope, receive, send)

    # Pages

    async def _answer_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        state = scope.setdefault("state", {})
        state.update(entrance=self._entrance, session=None, form={})
        begun = False

        async def answering(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if scope["path"] not in OPEN_TO_ALL:
                body = await _read(request) if scope["method"] not in SAFE_METHODS else b""
                state.update(form=_form(request, body), body=body)
                session = await to_thread.run_sync(self._admit, request, state["form"].get("csrf", ""), limiter=self._threads)
                state["session"] = session
                match = _CONSOLE.match(scope["path"])
                if match is not None and match.group(1) is not None:
                    state["caller"] = await self._caller(session, match.group(1))
            await self._console(scope, receive, answering)
        except ClientDisconnect:
            return
        except NotSignedIn as error:
            page = self._to_sign_in(request) if scope["method"] in SAFE_METHODS else refused_page(error, state["session"])
            await page(scope, receive, send)
        except Exception as error:
            if begun:
                raise ConnectionAbortedError from None
            await self._fail(error, refused_page(error, state["session"]), scope, receive, send)

    def _to_sign_in(self, request: Request) -> Response:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Response(status_code=303, headers={"Location": f"/console/sign-in?return_to={quote(wanted, safe='')}"})

    # What both have in common

    def _admit(self, request: Request, token: str) -> Session:
        """The session of a request that may go on. Blocks on the database."""
        session = self._entrance.session_of(request)
        if session is None:
            raise NotSignedIn("You are not signed in, or no longer.", field="session", way_out="Sign in at /console.")
        # For the line that the request leaves in the log, however it ends.
        request.state.partner = session.person.principal
        if request.method not in SAFE_METHODS:
            check_origin(request.headers.get("origin"), self._entrance.origin)
            check_csrf(token, session)
        rule = check_permitted(session.person, request.method, request.scope["path"])
        self._entrance.check(session, rule, request)
        return session

    async def _caller(self, session: Session, corridor: str) -> Caller:
        if corridor not in await to_thread.run_sync(Log(self._service.pool, "").corridors, limiter=self._threads):
            raise no_such_corridor(corridor)
        return Caller(session.person.principal, "session", corridor)

    async def _fail(self, error: Exception, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["failure"] = type(error)
        if response.status_code >= 500:
            log_failure(scope, error)
        await response(scope, receive, send)


def _shows_session(scope: Scope) -> bool:
    """Whether a request comes with a session and without a signature; a signature is always the gate's to judge."""
    names = {name for name, _ in scope["headers"]}
    return b"cookie" in names and b"signature" not in names and SESSION_COOKIE in Request(scope).cookies


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > FORM_BYTES_MAX:
            raise BodyTooLarge(f"A form has at most {FORM_BYTES_MAX} bytes.", field="body", way_out="Write less.")
    return b"".join(parts)


def _form(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a form, each once. Raises RequestInvalid."""
    if not body:
        return {}
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise ValueError
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20)
        found = dict(fields)
        if len(found) < len(fields):
            raise ValueError
    except ValueError:
        raise RequestInvalid("The form cannot be read.", field="body", way_out="Send the form from its page.") from None
    return found
