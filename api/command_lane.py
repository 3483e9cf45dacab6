"""The short way to a command's handler, beside the framework's own.

The framework looks for a route one after the other, reads a body into Python objects and validates those, and works out at every request
what a handler wants. What commands want is known beforehand: the asking, the body as one model, and what stands in the path. So they are
found by their path at once, the body is validated as it came, in one step, and the handler is called.

The routes are declared with the framework all the same: it documents them, and it answers whatever is no command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.idempotency import asking, json_asking
from api.invalid_input import from_validation

_OWN_SEGMENTS = 4
"""``/v1/corridors/{corridor}/`` come before what a route's own path says."""


class CommandLane:
    """ASGI middleware behind the gate: answers the commands among the routes, and passes everything else on."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._named: dict[tuple[str, ...], _Command] = {}
        self._with_names: dict[int, list[_Command]] = {}
        for route in routes:
            command = _command_of(route)
            if command is None:
                continue
            if command.names:
                self._with_names.setdefault(len(command.segments), []).append(command)
            else:
                self._named[command.segments] = command

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        command, names = found
        ask = json_asking(scope)
        values = command.path_values(names)
        values[command.ask_name] = ask
        values[command.body_name] = _read(command.model, ask.body)
        response = await command.handler(**values)
        await response(scope, receive, send)

    def _find(self, path: str) -> tuple[_Command, dict[str, str]] | None:
        """The command of a path, and what stands in the places that its template names."""
        segments = tuple(path.split("/")[_OWN_SEGMENTS:])
        named = self._named.get(segments)
        if named is not None:
            return named, {}
        for command in self._with_names.get(len(segments), ()):
            names = command.match(segments)
            if names is not None:
                return command, names
        return None


class _Command(NamedTuple):
    """A route that takes a command: its path below the corridor, and what its handler is called with."""

    path: str
    segments: tuple[str, ...]
    names: Mapping[int, str]
    handler: Callable[..., Awaitable[Response]]
    path_params: list[Any]
    ask_name: str
    body_name: str
    model: type[BaseModel]

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """What stands where the template has names; None when the path is another one."""
        for place, (template, given) in enumerate(zip(self.segments, segments, strict=True)):
            if template != given and (place not in self.names or not given):
                return None
        return {name: segments[place] for place, name in self.names.items()}

    def path_values(self, names: Mapping[str, str]) -> dict[str, Any]:
        """What the handler takes of the path. Raises RequestInvalid."""
        values: dict[str, Any] = {}
        for parameter in self.path_params:
            value, errors = parameter.validate(names[parameter.alias], {}, loc=("path", parameter.alias))
            if errors:
                raise from_validation(RequestValidationError(errors))
            values[parameter.name] = value
        return values


def _command_of(route: BaseRoute) -> _Command | None:
    """None for a route that the framework answers: reads, files, and what takes no body of one model."""
    if not isinstance(route, APIRoute) or route.methods != {"POST"}:
        return None
    wanted = route.dependant
    asks = [str(dependency.name) for dependency in wanted.dependencies if dependency.call is asking]
    if not asks or len(wanted.body_params) != 1 or wanted.query_params or wanted.header_params:
        return None
    [ask_name], [body] = asks, wanted.body_params
    model = body.field_info.annotation
    assert isinstance(model, type), model
    assert issubclass(model, BaseModel), model
    segments = tuple(route.path.strip("/").split("/"))
    names = {place: segment[1:-1] for place, segment in enumerate(segments) if segment.startswith("{")}
    return _Command(route.path, segments, names, route.endpoint, wanted.path_params, ask_name, body.name, model)


def _read(model: type[BaseModel], body: bytes) -> BaseModel:
    """The body in its model. Raises RequestInvalid."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(RequestValidationError(error.errors(include_url=False))) from None
