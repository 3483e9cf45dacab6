"""Whether the service lives and can work."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.parts import with_example


class Health(BaseModel):
    """The process lives."""

    model_config = with_example({"status": "alive"})

    status: Literal["alive"]


class Readiness(BaseModel):
    """Whether requests can be answered, and how far reads are behind writes."""

    model_config = with_example(
        {"ready": True, "database": "reachable", "pending_migrations": [], "projections": "following", "projection_lag_events": 0}
    )

    ready: bool
    database: Literal["reachable", "unreachable"]
    pending_migrations: list[str]
    projections: Literal["following", "stopped", "unknown"]
    projection_lag_events: int | None = Field(
        default=None, description="By how many events the corridor that is furthest behind lags; absent when the database is unreachable."
    )
