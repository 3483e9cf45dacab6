"""Who is told where: one file of destinations, written by the operator and by nobody else.

A bank cannot name a destination by itself, so no request of a bank makes this service call an address of its choice (OWASP API7:2023).
Every destination's host must stand in the list of allowed hosts, its scheme be https, and its addresses be public, unless the file
says otherwise for a test.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.webhooks.queue import Reader
from ledger.errors import Misconfigured

URL_CHARACTERS_MAX = 2_000


class Destination(BaseModel):
    """One participant's address. ``url`` is taken as it stands: no redirect is ever followed from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corridor: Annotated[str, Field(pattern="^[a-z]{2,8}-[a-z]{2,8}$")]
    participant: Annotated[str, Field(pattern="^[a-z]{2,8}$")]
    url: Annotated[str, Field(max_length=URL_CHARACTERS_MAX)]

    @property
    def reader(self) -> Reader:
        return Reader(self.corridor, self.participant)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class Destinations(BaseModel):
    """The whole file. ``for_tests`` allows plain http and addresses that are not public; production mode refuses it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed_hosts: tuple[str, ...] = ()
    for_tests: bool = False
    destination: tuple[Destination, ...] = ()

    @model_validator(mode="after")
    def _each_is_allowed(self) -> Destinations:
        told = [destination.reader for destination in self.destination]
        for destination in self.destination:
            parts = urlsplit(destination.url)
            if parts.scheme != "https" and not (self.for_tests and parts.scheme == "http"):
                raise ValueError(f"the destination of {destination.participant} is not https")
            if parts.username or parts.password or parts.fragment or not parts.hostname:
                raise ValueError(f"the destination of {destination.participant} needs a host, and neither a login nor a fragment")
            if parts.hostname not in self.allowed_hosts:
                raise ValueError(f"the host {parts.hostname} stands not in allowed_hosts")
            if told.count(destination.reader) > 1:
                raise ValueError(f"{destination.participant} of {destination.corridor} has two destinations")
        return self


def read_destinations(path: Path, *, production: bool) -> Destinations:
    """The destinations in a TOML file. Raises Misconfigured, naming the file and what is wrong in it."""
    try:
        read = Destinations.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Misconfigured(f"CORRIDOR_WEBHOOKS_FILE={path} cannot be read ({error.strerror}). Name a file of destinations.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"CORRIDOR_WEBHOOKS_FILE={path} is not TOML: {error}.") from None
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()
        )
        raise Misconfigured(f"CORRIDOR_WEBHOOKS_FILE={path} is not usable: {said}.") from None
    if production and read.for_tests:
        raise Misconfigured(f"CORRIDOR_WEBHOOKS_FILE={path} says for_tests, which production mode refuses. Remove that line.")
    return read
