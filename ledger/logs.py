"""The one place where logging is set up: what a line holds, and above all what it never holds.

Served processes write JSON, one object a line, to standard error; the command line writes plain lines. A line may carry what was bound to
the request it belongs to (`REQUEST_FIELDS`) and the fields in `EXTRA_FIELDS`, and nothing else beside its message. An exception is told by
its class and where it was raised: what it says may repeat a value, and values may be personal.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

REQUEST_FIELDS: Final = ("request", "corridor", "partner")
"""Bound once a request is let in (`structlog.contextvars`): its id, the corridor and who asks."""
EXTRA_FIELDS: Final = ("command", "method", "operation", "status", "problem", "key", "position", "milliseconds")
FRAMES_MAX: Final = 6
_QUIET: Final = ("asyncio", "httpcore", "httpx", "uvicorn.access")


def configure_logging(*, as_json: bool, level: int = logging.WARNING, stream: TextIO | None = None) -> None:
    """Sets up every logger of the process. The last call counts."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_json_lines() if as_json else _PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _json_lines() -> logging.Formatter:
    import structlog  # noqa: PLC0415 - a command that ends after a moment starts without it

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=EXTRA_FIELDS),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _where_not_what,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


class _PlainLines(logging.Formatter):
    """One line for people: level, logger, message, and where an exception was raised."""

    def format(self, record: logging.LogRecord) -> str:
        said = {name: getattr(record, name) for name in EXTRA_FIELDS if hasattr(record, name)}
        more = _where_not_what(None, "", {"exc_info": record.exc_info} | said)
        words = "".join(f" {name}={value}" for name, value in more.items())
        return f"{record.levelname} {record.name}: {record.getMessage()}{words}"


def _where_not_what(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Classes and places of an exception and of those behind it, without their words."""
    said = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = said[1] if isinstance(said, tuple) else said if isinstance(said, BaseException) else None
    if error is not None:
        event["exception"] = " < ".join(_told(error))
    return event


def _told(error: BaseException) -> list[str]:
    told = []
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        told.append(f"{type(behind).__name__} at {_places(behind.__traceback__)}")
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return told


def _places(raised: TracebackType | None) -> str:
    frames = traceback.extract_tb(raised)[-FRAMES_MAX:]
    return " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)) or "nowhere"
