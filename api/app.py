"""The application: routes behind the gate, one shape for every error, projections kept up to date while it runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answer_signing import AnswerSigning
from api.authentication import Authenticator
from api.client_certificate import TrustedHop
from api.command_lane import CommandLane
from api.console.pages import console_app
from api.gate import Gate
from api.invalid_input import from_http, from_validation
from api.key_registry import KeyRegistry, Monotonic
from api.limits import Limits
from api.metrics import Failures
from api.nonces import Nonces
from api.openapi import document
from api.people.entrance import Entrance
from api.people.gate import PeopleGate
from api.permissions import CORRIDOR_PREFIX, Permissions, operations_of
from api.problems import respond
from api.projecting import Projecting, Projector
from api.reception import Reception
from api.request_log import RequestLog
from api.routes import (
    accounts,
    agreements,
    breaks,
    cases,
    cycles,
    description,
    feed,
    health,
    messages,
    outbox,
    quotes,
    reports,
    statements,
    transfer_steps,
    transfer_views,
    transfers,
    treasury,
)
from api.service_key import read_service_key
from ledger.bootstrap import Service

CORRIDOR_ROUTES = (
    quotes, transfers, transfer_views, feed, transfer_steps, messages, outbox, accounts, statements, treasury, cycles, cases, breaks,
    reports, agreements, description,
)  # fmt: skip


def create_app(
    service: Service, *, projecting: Projecting = "here", wait_seconds_max: float = 5.0, monotonic: Monotonic = time.monotonic
) -> FastAPI:
    """The HTTP API of a service, which stays the caller's to close.

    ``projecting`` says who keeps the projections up to date (`Projecting`). A read that asks for a log
    position waits for it at most ``wait_seconds_max``. ``monotonic`` tells how old is what is known of the keys, in seconds.
    """

    entrance = Entrance(service) if service.settings.oidc_issuer is not None else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        projector = Projector(service.pool, projecting=projecting)
        app.state.projector = projector
        try:
            await run_in_threadpool(projector.follow_all)
            yield
        finally:
            await run_in_threadpool(projector.close)
            if entrance is not None:
                entrance.close()
            await run_in_threadpool(app.state.reception.close)
            await run_in_threadpool(authenticator.close)

    authenticator = authenticator_of(service, monotonic)
    app = FastAPI(
        title="Corridor",
        version=_version(),
        summary="A payment corridor between two postal banks.",
        description="Every request is signed (RFC 9421), every command carries an idempotency key, every error is a problem (RFC 9457), "
        "and every answer names the position of the log it belongs to.",
        lifespan=lifespan,
        # The document is served behind the gate, below each corridor.
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.wait_seconds_max = wait_seconds_max
    app.state.reception = Reception(service)
    app.state.warm_corridors = set()
    corridor = APIRouter(prefix=CORRIDOR_PREFIX)
    permissions = Permissions()
    for module in CORRIDOR_ROUTES:
        permissions.check_covers(operations_of(module.router.routes))
        corridor.include_router(module.router)
    app.include_router(health.router)
    app.include_router(corridor)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_middleware(CommandLane, routes=[route for module in CORRIDOR_ROUTES for route in module.router.routes])
    stand_gate(app, service, authenticator, permissions, monotonic)
    if entrance is not None:
        app.add_middleware(PeopleGate, entrance=entrance, console=console_app(app), service=service)
    app.add_middleware(AnswerSigning, key=read_service_key(service.settings), clock=service.clock)
    app.state.failures = Failures()
    app.add_middleware(RequestLog, failures=app.state.failures)
    app.openapi = partial(document, app)  # type: ignore[method-assign] # the framework's own way to replace the document
    return app


def stand_gate(
    app: FastAPI, service: Service, authenticator: Authenticator, permissions: Permissions, monotonic: Monotonic = time.monotonic
) -> None:
    """Puts the gate before an application."""
    settings = service.settings
    app.add_middleware(
        Gate,
        authenticator=authenticator,
        permissions=permissions,
        hop=TrustedHop(settings.trusted_proxies, service.clock),
        limits=Limits.of(settings),
        monotonic=monotonic,
    )


def authenticator_of(service: Service, monotonic: Monotonic = time.monotonic) -> Authenticator:
    """What decides for a service who asks."""
    return Authenticator(
        KeyRegistry(service.pool, monotonic=monotonic),
        Nonces(service.pool),
        service.clock,
        age_seconds_max=service.settings.signature_age_seconds_max,
    )


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(from_validation(error))


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return respond(from_http(error, request.url.path, request.method), error.headers)


def _version() -> str:
    try:
        return version("corridor-ledger")
    except PackageNotFoundError:
        return "0"
