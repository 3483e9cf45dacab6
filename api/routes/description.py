"""The OpenAPI document, for those who may use what it describes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from api.openapi import shows
from api.reading import Look

router = APIRouter(tags=["description"])


class OpenApiDocument(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"openapi": "3.1.0", "info": {"title": "Corridor", "version": "0.1.0"}, "paths": {}}]},
    )

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


@router.get("/openapi.json", summary="Show this document", **shows(OpenApiDocument))
async def show_document(request: Request, look: Look) -> Response:  # noqa: ARG001 - signed like every other read
    """Every operation with its examples and problems."""
    return JSONResponse(request.app.openapi())
