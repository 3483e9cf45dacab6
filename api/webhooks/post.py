"""One delivery: a signed POST to the bank's address, which is looked up, checked and then used as it was checked."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from ipaddress import ip_address
from typing import NamedTuple

import httpx
from pydantic_core import to_json

from api.webhooks.queue import Delivery

SECONDS_MAX = 20.0
"""A delivery that takes longer has failed, however slowly its bank goes on answering."""


class Outcome(NamedTuple):
    """How a delivery ended: the HTTP status, if the bank answered; what went wrong, if something did; how long the bank asks to wait."""

    status: int | None
    error: str
    wait_at_least: timedelta = timedelta(0)

    @property
    def taken(self) -> bool:
        """Whether the bank has it."""
        return not self.error


class PublicAddresses(httpx.AsyncBaseTransport):
    """Connects to the very address that was checked, so that a name cannot come to mean another machine in between.

    Only public addresses are connected to, unless ``any_address``. TLS still names and verifies the host.
    """

    def __init__(self, *, any_address: bool, verify: bool | str = True) -> None:
        self._any_address = any_address
        self._inner = httpx.AsyncHTTPTransport(verify=verify, retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        found = await asyncio.get_running_loop().getaddrinfo(host, request.url.port or 443, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        refused = [address for address in addresses if not self._any_address and not ip_address(address.partition("%")[0]).is_global]
        if refused or not addresses:
            raise httpx.UnsupportedProtocol(f"{host} has an address that is not public")
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=addresses[0]),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        await self._inner.aclose()


def client(auth: httpx.Auth, *, any_address: bool, verify: bool | str = True) -> httpx.AsyncClient:
    """What deliveries are made with: no redirects, no proxy from the environment, no cookies kept."""
    return httpx.AsyncClient(
        auth=auth,
        transport=PublicAddresses(any_address=any_address, verify=verify),
        follow_redirects=False,
        timeout=httpx.Timeout(10.0, connect=5.0),
        trust_env=False,
        headers={"User-Agent": "corridor-webhooks"},
    )


def body_of(delivery: Delivery) -> bytes:
    """What the bank is told: the entry as the feed has it, no personal data."""
    return to_json(
        {
            "corridor": delivery.corridor,
            "position": delivery.position,
            "recorded_at": delivery.recorded_at,
            "kind": delivery.kind,
            "uetr": delivery.uetr,
        }
    )


async def post(http: httpx.AsyncClient, url: str, delivery: Delivery) -> Outcome:
    """Delivers one entry. Never raises for what the bank or the network did; every outcome but a 2xx is a failure."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{delivery.name}"'}
    try:
        async with (
            asyncio.timeout(SECONDS_MAX),
            # The answer's body is of no interest, and however long it is, it is not read.
            http.stream("POST", url, content=body_of(delivery), headers=headers) as answer,
        ):
            if answer.is_success:
                return Outcome(answer.status_code, "")
            if answer.is_redirect:
                return Outcome(answer.status_code, "answered with a redirect, which is not followed")
            return Outcome(answer.status_code, f"answered {answer.status_code}", _asked_to_wait(answer))
    except TimeoutError:
        return Outcome(None, f"no answer within {SECONDS_MAX:.0f} s")
    except httpx.UnsupportedProtocol as error:
        return Outcome(None, str(error))
    except (httpx.HTTPError, OSError, UnicodeError) as error:
        # The library's own words may quote what the bank sent.
        return Outcome(None, f"no answer ({type(error).__name__})")


def _asked_to_wait(answer: httpx.Response) -> timedelta:
    """Retry-After in seconds (RFC 9110 §10.2.3); its other form, a date, is not taken."""
    said = answer.headers.get("Retry-After", "")
    return timedelta(seconds=int(said)) if said.isascii() and said.isdecimal() and len(said) < 7 else timedelta(0)
