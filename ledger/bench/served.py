"""The servers of T3, each in a process of its own: the API, and its yardstick: the same body, the same gate with the same signature checks
and answers signed by the same code, and behind it nothing but an answer."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from api.answer_signing import AnswerSigning
from api.app import authenticator_of, create_app, stand_gate
from api.http_heads import BoundedHeads
from api.permissions import Permissions
from api.schemas.transfers import TransferBody
from api.service_key import read_service_key
from ledger.bench.children import settings, told
from ledger.bootstrap import Service


def bare(service: Service) -> FastAPI:
    """One route, behind the gate that guards the API."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/corridors/{corridor}/transfers", status_code=201)
    async def answer(corridor: str, body: TransferBody) -> dict[str, str]:
        return {"corridor": corridor, "uetr": str(body.uetr)}

    stand_gate(app, service, authenticator_of(service), Permissions())
    app.add_middleware(AnswerSigning, key=read_service_key(service.settings), clock=service.clock)
    return app


def main() -> None:
    """Serves the API, or the bare endpoint, on loopback as `corridor serve` does; without its jobs, which would go through the corridors of
    every bench before this one."""
    wanted = told()
    with Service(settings()) as service:
        app = bare(service) if wanted["bare"] else create_app(service, projecting="beside")
        uvicorn.run(
            app,
            host=wanted["host"],
            port=wanted["port"],
            http=BoundedHeads,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
        )


if __name__ == "__main__":
    main()
