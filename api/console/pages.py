"""The console's pages: who am I, cases, one case with its transfer's trail, and what an officer decides about it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.console.refused import problem_page
from api.console.rendering import page
from api.errors import IdentityProviderDown, RequestInvalid
from api.idempotency import Asking
from api.invalid_input import from_http
from api.opinions import opinion_request
from api.people.entrance import Entrance
from api.people.operations import OPERATIONS
from api.people.sessions import Session, new_secret
from api.problems import refusal_problem
from api.reading import Looking
from ledger import commands as c
from ledger.batching import Answer
from ledger.batching import Request as LedgerRequest
from ledger.domain import ids
from ledger.domain.case_events import Opinion
from ledger.domain.personal_data_events import ReadingReason
from ledger.eventstore.log import Log
from ledger.personal_data import read_parties
from ledger.projections import audit_trail, cases
from ledger.projections.snapshot import Snapshot
from ledger.projections.transfers import transfer

PAGE_SIZE: Final = 100
REASONS_CHARACTERS_MAX: Final = 4_000
_OPINIONS: Final[dict[str, Opinion]] = {"clear": "clear", "reject": "reject"}
_REASONS: Final[dict[str, ReadingReason]] = {reason: reason for reason in get_args(ReadingReason)}
_STYLE: Final = files("api.console").joinpath("style.css").read_bytes()
_ICON: Final = files("api.console").joinpath("icon.svg").read_bytes()
_SAID: Final = {"opinion": "Your opinion stands in the log.", "frozen": "The transfer is frozen, and this case is open."}
_CONSOLE: Final = "/console/corridors/{corridor}"


# Who is there


def _style(_request: Request) -> Response:
    return Response(_STYLE, media_type="text/css")


def _icon(_request: Request) -> Response:
    return Response(_ICON, media_type="image/svg+xml")


def _sign_in(request: Request) -> Response:
    return page("sign_in.html", None, return_to=request.query_params.get("return_to", ""))


def _begin(request: Request) -> Response:
    return _entrance(request).begin(request)


def _callback(request: Request) -> Response:
    return _entrance(request).complete(request)


def _step_up(request: Request) -> Response:
    return _entrance(request).begin(request, renews=_session(request))


def _sign_out(request: Request) -> Response:
    return _entrance(request).sign_out(_session(request))


def _signed_out(request: Request) -> Response:
    entrance = _entrance(request)
    try:
        elsewhere = entrance.provider.end_session_url(f"{entrance.origin}/console/signed-out")
    except IdentityProviderDown:
        elsewhere = ""
    return page("signed_out.html", None, elsewhere=elsewhere)


def _home(request: Request) -> Response:
    session = _session(request)
    return page(
        "home.html",
        session,
        fresh=_entrance(request).is_fresh(session),
        corridors=sorted(Log(request.app.state.service.pool, "").corridors()),
    )


def _me(request: Request) -> Response:
    """For programs: who is signed in, and the token that a request which changes something sends as ``Corridor-CSRF``."""
    session = _session(request)
    return JSONResponse(
        {
            "principal": session.person.principal,
            "roles": sorted(session.person.roles),
            "authenticated_at": session.authenticated_at.isoformat(),
            "ends_at": session.ends_at.isoformat(),
            "fresh": _entrance(request).is_fresh(session),
            "csrf": session.csrf,
        }
    )


# Cases


def _cases(request: Request) -> Response:
    every = request.query_params.get("show") == "all"
    look, after = _looking(request), _number(request, "after")
    with look.snapshot() as at:
        found = cases.cases(at, only_open=not every, after=after or 0, size=PAGE_SIZE + 1)
    more = found[PAGE_SIZE - 1].position if len(found) > PAGE_SIZE else None
    return page(
        "cases.html",
        _session(request),
        corridor=look.caller.corridor,
        cases=found[:PAGE_SIZE],
        every=every,
        more=more,
        boundary=at.boundary,
    )


def _case(request: Request) -> Response:
    session, look = _session(request), _looking(request)
    with look.snapshot() as at:
        found = cases.case(at, request.path_params["case"])
        shown = _transfer_shown(at, found.uetr)
    may = _may(session, "POST", f"{_CONSOLE}/cases/{{case}}/opinions") and found.outcome is None
    return page(
        "case.html", session, corridor=look.caller.corridor, case=found, **shown, may_decide=may, may_read=_may_read(session),
        fresh=_entrance(request).is_fresh(session), key=new_secret(), here=_here(request),
        said=_SAID.get(request.query_params.get("said", "")), reasons_max=REASONS_CHARACTERS_MAX,
    )  # fmt: skip


def _give_opinion(request: Request) -> Response:
    """The words go into the vault, their commitment into the log; the second of two officers who say the same decides."""
    form, case = request.state.form, request.path_params["case"]
    opinion, reasons = _OPINIONS.get(form.get("opinion", "")), form.get("reasons", "").replace("\r\n", "\n").strip()
    if opinion is None:
        raise RequestInvalid("opinion: is missing.", field="opinion", way_out="Choose to clear or to reject.")
    if not 1 <= len(reasons) <= REASONS_CHARACTERS_MAX:
        raise RequestInvalid(
            "reasons: are missing or too long.", field="reasons", way_out=f"Write 1 to {REASONS_CHARACTERS_MAX} characters."
        )
    return _decided(
        request,
        lambda ask: opinion_request(ask, case=case, opinion=opinion, reasons=reasons, cause="console"),
        f"cases/{quote(case)}",
        "opinion",
    )


# Transfers


def _transfer(request: Request) -> Response:
    session, look = _session(request), _looking(request)
    with look.snapshot() as at:
        shown = _transfer_shown(at, _uetr(request))
    return page(
        "transfer.html", session, corridor=look.caller.corridor, **shown,
        may_freeze=_may(session, "POST", f"{_CONSOLE}/transfers/{{uetr}}/freeze"), may_read=_may_read(session),
        reasons=[name for name in _REASONS if name != "case"], fresh=_entrance(request).is_fresh(session),
        key=new_secret(), here=_here(request),
    )  # fmt: skip


def _freeze(request: Request) -> Response:
    uetr = _uetr(request)
    return _decided(
        request, lambda ask: ask.ledger.request(c.FreezeTransfer(**ask.named("console"), uetr=uetr), ask.asked), "cases/{case}", "frozen"
    )


def _show_parties(request: Request) -> Response:
    """The names behind a transfer, once the log says that they are shown."""
    form, state = request.state.form, request.app.state
    reason = _REASONS.get(form.get("reason", ""))
    if reason is None:
        raise RequestInvalid("reason: is missing.", field="reason", way_out="Choose why you read it.")
    case = form.get("case", "") if reason == "case" else ""
    caller, uetr = request.state.caller, _uetr(request)
    reading = read_parties(state.service.ledger(caller.corridor), uetr, actor=caller.principal, reason=reason, case=case, cause="console")
    session = _session(request)
    back = f"/console/corridors/{caller.corridor}/" + (f"cases/{quote(case)}" if case else f"transfers/{uetr}")
    if reading.answer.refusal is not None:
        problem = refusal_problem(reading.answer.refusal, position=reading.answer.position, instance=f"urn:uuid:{uetr}")
        return problem_page(problem, session, back=back)
    return page("parties.html", session, uetr=uetr, parties=reading.parties, position=reading.answer.position, back=back)


def _transfer_shown(at: Snapshot, uetr: UUID) -> dict[str, Any]:
    return {"transfer": transfer(at, uetr), "trail": audit_trail.trail(at, uetr), "boundary": at.boundary}


# What the pages share


def _decided(request: Request, prepare: Callable[[Asking], LedgerRequest], then: str, said: str) -> Response:
    """Asks the ledger under the form's own key, so that a form sent twice is done once; then the page that shows what came of it."""
    key = request.state.form.get("key", "")
    if not 16 <= len(key) <= 64 or not key.isascii() or not key.replace("-", "").replace("_", "").isalnum():
        raise RequestInvalid("key: is missing.", field="key", way_out="Load the page again and send the form from there.")
    ask = Asking(request.scope, key)
    answer: Answer | None = ask.ledger.replay(ask.caller.principal, key, ask.asked)
    if answer is None:
        answer = ask.ledger.answer(ask.ledger.submit(prepare(ask)).result(), ask.asked)
    corridor = f"/console/corridors/{ask.caller.corridor}"
    if answer.refusal is not None:
        instance = f"urn:uuid:{ids.command_id(ask.caller.corridor, ask.caller.principal, key)}"
        problem = refusal_problem(answer.refusal, position=answer.position, instance=instance)
        return problem_page(problem, _session(request), back=request.headers.get("referer", "/console"))
    to = then.format_map({name: quote(str(value)) for name, value in (answer.result or {}).items()})
    return RedirectResponse(f"{corridor}/{to}?{urlencode({'said': said, 'at_least': answer.position})}", status_code=303)


def _session(request: Request) -> Session:
    session: Session = request.state.session
    return session


def _entrance(request: Request) -> Entrance:
    entrance: Entrance = request.state.entrance
    return entrance


def _looking(request: Request) -> Looking:
    return Looking(request, _number(request, "at_least"))


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _uetr(request: Request) -> UUID:
    try:
        return UUID(request.path_params["uetr"])
    except ValueError:
        raise RequestInvalid("uetr: is no UUID.", field="uetr", way_out="Follow a link of the console.") from None


def _here(request: Request) -> str:
    return request.url.path


def _may(session: Session, method: str, template: str) -> bool:
    return bool(OPERATIONS[method, template].roles & session.person.roles)


def _may_read(session: Session) -> bool:
    return _may(session, "POST", f"{_CONSOLE}/transfers/{{uetr}}/parties")


# All of them

ROUTES: Final = (
    Route("/console/style.css", _style),
    Route("/console/icon.svg", _icon),
    Route("/console/sign-in", _sign_in),
    Route("/console/sign-in/begin", _begin),
    Route("/console/callback", _callback),
    Route("/console/signed-out", _signed_out),
    Route("/console", _home),
    Route("/console/me", _me),
    Route("/console/step-up", _step_up),
    Route("/console/sign-out", _sign_out, methods=["POST"]),
    Route(f"{_CONSOLE}/cases", _cases),
    Route(f"{_CONSOLE}/cases/{{case}}", _case),
    Route(f"{_CONSOLE}/cases/{{case}}/opinions", _give_opinion, methods=["POST"]),
    Route(f"{_CONSOLE}/transfers/{{uetr}}", _transfer),
    Route(f"{_CONSOLE}/transfers/{{uetr}}/freeze", _freeze, methods=["POST"]),
    Route(f"{_CONSOLE}/transfers/{{uetr}}/parties", _show_parties, methods=["POST"]),
)


def console_app(app: Any) -> ASGIApp:
    """The pages, sharing the service and the projections of the API's ``app``.

    What stands before them has let the request in, and answers every error.
    """
    router = Router(routes=ROUTES, redirect_slashes=False)

    async def console(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await router({**scope, "app": app}, receive, send)
        except HTTPException as error:
            raise from_http(error, scope["path"], scope["method"]) from None

    return console
