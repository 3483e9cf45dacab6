"""One question to the service: everything about it that stays the same from one attempt to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)

JSON, XML = "application/json", "application/xml"
_KEY = re.compile(r"[ -~]{1,200}")


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """A command (``key`` is there) or a read. ``path`` is relative to the corridor; ``read`` makes the answer of the body's bytes.

    ``content`` may be personal and stays out of the ``repr``.
    """

    method: str
    path: str
    read: Callable[[bytes], T] = field(repr=False)
    key: str | None = None
    content: bytes = field(default=b"", repr=False)
    content_type: str = JSON
    accept: str = JSON
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def command(path: str, body: BaseModel, answer: type[Model], *, key: str) -> Asked[Model]:
    """Asks for something to be done, at most once under ``key``. Raises ValueError for what is no key.

    The body holds what the caller set and nothing else, so that the same order makes the same bytes with a later version too.
    """
    return command_bytes(path, body.model_dump_json(exclude_unset=True).encode(), model_reader(answer), key=key)


def command_bytes(
    path: str,
    content: bytes,
    read: Callable[[bytes], T],
    *,
    key: str,
    content_type: str = JSON,
    accept: str = JSON,
    params: tuple[tuple[str, str], ...] = (),
) -> Asked[T]:
    """A command whose body is made already. Raises ValueError for what is no key."""
    if not _KEY.fullmatch(key):
        raise ValueError("An idempotency key has 1 to 200 printable ASCII characters: choose one and store it with the order.")
    return Asked("POST", path, read, key, content, content_type, accept, params)


def read(path: str, answer: type[Model], **params: object) -> Asked[Model]:
    """Asks what is known. A parameter that is None is left out; one that is a tuple is repeated."""
    return Asked("GET", path, model_reader(answer), params=_params(params))


def read_bytes(path: str, *, accept: str, **params: object) -> Asked[bytes]:
    """Asks for a document, which is not looked into."""
    return Asked("GET", path, bytes, accept=accept, params=_params(params))


def model_reader(answer: type[Model]) -> Callable[[bytes], Model]:
    """Reads an answer's body. Fields that a later version of the service added are passed over."""

    def read_model(content: bytes) -> Model:
        return answer.model_validate_json(content, extra="ignore")

    return read_model


def path_of(template: str, *parts: UUID | str | int) -> str:
    """``/transfers/{}/pay`` with its parts filled in. Raises ValueError for a part that would lead to another path."""
    texts = [str(part) for part in parts]
    for text in texts:
        if text in ("", ".", ".."):
            raise ValueError(f"{text!r} names nothing in {template}.")
    return template.format(*(quote(text, safe=":") for text in texts))


def _params(params: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, _text(one)) for name, value in params.items() for one in (value if isinstance(value, tuple) else (value,)) if one is not None
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
