"""The two open routes: does the process live, can it work. They tell nothing of corridors, accounts or people."""

from __future__ import annotations

from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.idempotency import json_answer
from api.projecting import Projector
from api.schemas.health import Health, Readiness
from ledger.bootstrap import Service
from ledger.errors import Misconfigured
from ledger.eventstore.migrate import pending

router = APIRouter(tags=["health"])


@router.get("/health", summary="Does the process live", response_model=Health)
async def health() -> Response:
    """Asks nothing of the database."""
    return json_answer(Health(status="alive"), {})


@router.get(
    "/ready",
    summary="Can the service work",
    response_model=Readiness,
    response_model_exclude_none=True,
    responses={503: {"model": Readiness, "description": "Not now; the fields say why."}},
)
def ready(request: Request) -> Response:
    """Database reachable, migrations applied, projections following. A lag alone makes nothing unready."""
    state = _readiness(request.app.state.service, request.app.state.projector)
    return json_answer(state, {} if state.ready else {"Retry-After": "5"}, status=200 if state.ready else 503)


def _readiness(service: Service, projector: Projector) -> Readiness:
    try:
        missing = pending(service.database_url)
        lag = None if missing else projector.lag_events()
    except PersistenceError:
        return Readiness(ready=False, database="unreachable", pending_migrations=[], projections="unknown")
    except Misconfigured:
        return Readiness(ready=False, database="reachable", pending_migrations=["edited"], projections="unknown")
    following = not projector.failed
    return Readiness(
        ready=following and not missing,
        database="reachable",
        pending_migrations=missing,
        projections="following" if following else "stopped",
        projection_lag_events=lag,
    )
