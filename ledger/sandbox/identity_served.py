"""The invented identity provider, listening on this machine, and the settings of a service that lets its people in."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

import uvicorn
from pydantic import SecretStr

from ledger.clock import Clock
from ledger.errors import Misconfigured
from ledger.sandbox.identity import IdentityStub
from ledger.settings import Settings

CLIENT_ID: Final = "corridor-demo"
LOOPBACK: Final = "127.0.0.1"


@contextmanager
def served_identity(settings: Settings, clock: Clock, origin: str) -> Iterator[Settings]:
    """Serves the provider until the end of the block; the settings given are those of a service that browsers reach at ``origin``.

    Raises Misconfigured in production mode, where `Settings` refuses it already.
    """
    if settings.production:
        raise Misconfigured("Production mode has no invented officers: remove CORRIDOR_DEMO_IDENTITY and --with-demo-identity.")
    public = settings.public_url or origin.replace("//0.0.0.0:", f"//{LOOPBACK}:")
    listening = socket.create_server((LOOPBACK, 0))
    issuer = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    secret = secrets.token_urlsafe(32)
    stub = IdentityStub(issuer, client_id=CLIENT_ID, client_secret=secret, redirect_uri=f"{public}/console/callback", clock=clock)
    server = uvicorn.Server(uvicorn.Config(stub.app, log_config=None, access_log=False, server_header=False))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="invented identity provider", daemon=True)
    thread.start()
    try:
        yield settings.model_copy(
            update={
                "demo_identity": "on",
                "public_url": public,
                "oidc_issuer": issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": SecretStr(secret),
                "oidc_roles_claim": "roles",
                "oidc_role_names": (),
            }
        )
    finally:
        server.should_exit = True
        thread.join()
