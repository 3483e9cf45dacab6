"""The one way in: nothing behind it is reached without a signature, and nothing breaks out of it unanswered.

No route is open by default. The gate stands before routing, so a route that somebody forgets to protect is protected all the same, and a
stranger cannot even learn which paths exist. Only the paths in ``OPEN_PATHS`` are let through unsigned.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import Authenticator
from api.client_certificate import TrustedHop
from api.errors import SignatureMissing
from api.limits import ClientGone, Commands, Limits, Monotonic, Rate, read_body
from api.permissions import Permissions
from api.problems import respond
from api.signed_head import SignedHead, check_digest, joined

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/health", "/ready"})
READS = ("GET", "HEAD")
_CORRIDOR = re.compile(r"^/v1/corridors/([^/]*)(?:/|$)")


class Gate:
    """ASGI middleware: identifies by the head and the client certificate, reads a bounded body, checks its digest, takes the nonce, asks
    whether the key may be used for this, then lets the request in.

    What it found stands in the request's state: ``caller``, ``body``, the ``fields`` of the head by their names in lower case, and the
    ``signature`` as soon as it is read.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        permissions: Permissions,
        hop: TrustedHop,
        limits: Limits,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._app = app
        self._hop = hop
        self._authenticator = authenticator
        self._permissions = permissions
        self._limits = limits
        self._rate = Rate(limits.requests_per_second, monotonic)
        self._commands = Commands(limits.commands_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = _Answering(send)
        try:
            if scope["path"] in OPEN_PATHS:
                await self._app(scope, receive, answering)
            elif scope["method"] in READS:
                await self._let_in(scope, receive, answering)
            else:
                with self._commands.one_more():
                    await self._let_in(scope, receive, answering)
        except ClientGone:
            return
        except Exception as error:
            response = respond(error)
            scope.setdefault("state", {})["failure"] = type(error)
            if response.status_code == 500:
                log_failure(scope, error)
            if answering.begun:
                raise ConnectionAbortedError from None
            await response(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head_of(scope, self._hop.scheme(scope))
        declared = head.fields.get("content-length", "")
        state = scope.setdefault("state", {})
        if "session" in state:
            # A person whom api.people.gate has let in; nothing is signed.
            with self._share(state["caller"].principal, scope):
                body = await read_body(receive, declared, self._limits)
                await self._go_on(scope, receive, send, head, body)
            return
        signature = self._authenticator.signature(head)
        state["signature"] = signature
        claim = await self._authenticator.identify(head, signature, _corridor_of(scope["path"]))
        self._hop.check(scope, claim.key.principal)
        self._rate.check(claim.key.public_key)
        with self._share(claim.key.principal, scope):
            body = await read_body(receive, declared, self._limits)
            check_digest(head, body)
            state["caller"] = caller = await self._authenticator.admit(claim)
            self._permissions.check(caller, scope["method"], scope["path"])
            await self._go_on(scope, receive, send, head, body)

    def _share(self, principal: str, scope: Scope) -> AbstractContextManager[None]:
        """Counts a command among its principal's; a read needs no place."""
        return nullcontext() if scope["method"] in READS else self._commands.one_more_of(principal, scope["path"])

    async def _go_on(self, scope: Scope, receive: Receive, send: Send, head: SignedHead, body: bytes) -> None:
        scope["state"].update(body=body, fields=head.fields)
        await self._app(scope, _once(body, receive), send)


class _Answering:
    """Passes the answer on, and knows whether it has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


def _corridor_of(path: str) -> str:
    match = _CORRIDOR.match(path)
    if match is None:
        # Outside the corridors there is nothing but the open paths; a signature would not change that.
        raise SignatureMissing(
            "Every path outside the corridors is closed.",
            field="path",
            way_out="Ask below /v1/corridors/{corridor}/, signed by a key of that corridor.",
        )
    return match.group(1)


def _head_of(scope: Scope, scheme: str) -> SignedHead:
    """The request as it was signed: the path and query byte for byte as they were sent."""
    fields = joined((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    url = f"{scheme}://{fields.get('host', '')}{scope['raw_path'].decode('latin-1')}{query}"
    return SignedHead(scope["method"], url, fields)


def _once(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read, then whatever the connection says next."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def log_failure(scope: Scope, error: Exception) -> None:
    """Where it failed, never what it failed on: messages of exceptions may repeat values."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    logger.error("request failed: %s at %s", type(error).__name__, where, extra={"method": scope["method"]})
