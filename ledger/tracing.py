"""Spans for commands and commits, where somebody has set up OpenTelemetry in this process; nothing at all otherwise.

`opentelemetry-instrument corridor serve` does, or a program that sets a tracer provider before it opens the service. Spans name the kind of
command and the corridor, never what a command is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


def tracer() -> Any:
    """The process's tracer; None where OpenTelemetry is absent or nobody has set it up."""
    try:
        from opentelemetry import trace  # noqa: PLC0415 - optional
    except ImportError:
        return None
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return provider.get_tracer("corridor")


@contextmanager
def span(tracer: Any, name: str, **attributes: str | int) -> Iterator[None]:
    """A span around the block."""
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False) as begun:
        try:
            yield
        except BaseException as error:
            _failed(begun, error)
            raise


def followed(tracer: Any, name: str, begin: Callable[[], Future[T]], **attributes: str | int) -> Future[T]:
    """What ``begin`` gives, with a span that lasts until it is there."""
    if tracer is None:
        return begin()
    begun = tracer.start_span(name, attributes=attributes)

    def end(future: Future[T]) -> None:
        error = future.exception()
        if error is not None:
            _failed(begun, error)
        begun.end()

    try:
        future = begin()
    except BaseException as error:
        _failed(begun, error)
        begun.end()
        raise
    future.add_done_callback(end)
    return future


def _failed(begun: Any, error: BaseException) -> None:
    """The class only: messages may repeat values."""
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - a span is there, so it is too

    begun.set_attribute("error.type", type(error).__name__)
    begun.set_status(Status(StatusCode.ERROR))
