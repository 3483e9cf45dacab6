"""One line a request, and an id by which a caller and an operator speak of the same one.

The outermost part of the service. A line names the operation by its row in the table of operations, never by the path as it came: what
somebody writes into a path may be anything.
"""

from __future__ import annotations

import logging
import re
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from api.message_signatures import Signature
from api.metrics import Failures
from api.people.operations import operation_name
from api.problems import code_of

logger = logging.getLogger(__name__)

HEADER = "Request-Id"
_KEY_ID = re.compile(r"[A-Za-z0-9:._-]{1,64}")


class RequestLog:
    """ASGI middleware: gives each request an id, counts those that nobody known had signed, and writes its line."""

    def __init__(self, app: ASGIApp, *, failures: Failures) -> None:
        self._app = app
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, began = str(uuid4()), perf_counter()
        status, position = 500, None
        clear_contextvars()
        bind_contextvars(request=request)
        state = scope.setdefault("state", {})

        async def answering(message: Message) -> None:
            nonlocal status, position
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request
                position = Headers(scope=message).get("corridor-position")
            await send(message)

        try:
            await self._app(scope, receive, answering)
        finally:
            failure = state.get("failure")
            if failure is not None:
                self._failures.count(failure)
            level = logging.ERROR if status >= 500 else logging.WARNING if status in (401, 403) else logging.INFO
            if logger.isEnabledFor(level):
                self._write(scope, level, status, position, (perf_counter() - began) * 1_000)

    @staticmethod
    def _write(scope: Scope, level: int, status: int, position: str | None, milliseconds: float) -> None:
        state = scope["state"]
        caller, failure = state.get("caller"), state.get("failure")
        if caller is not None:
            bind_contextvars(corridor=caller.corridor)
        partner = state.get("partner") if caller is None else caller.principal
        if partner is not None:
            bind_contextvars(partner=partner)
        said: dict[str, object] = {
            "method": scope["method"],
            "operation": operation_name(scope["method"], scope["path"]),
            "status": status,
            "milliseconds": round(milliseconds, 1),
        }
        if position is not None:
            said["position"] = int(position)
        if failure is not None:
            said["problem"] = code_of(failure)
            said |= _key_named(state.get("signature"))
        logger.log(level, "answered", extra=said)


def _key_named(signature: Signature | None) -> dict[str, str]:
    """The key id that a signature names. Whoever is not known may write there what he likes, so no more than an id's letters are kept."""
    key_id = None if signature is None else signature.parameters.get("keyid")
    return {"key": key_id} if isinstance(key_id, str) and _KEY_ID.fullmatch(key_id) else {}
