"""Requests that change something come from a page of ours: the browser says from where (Origin), and the page repeats a token."""

from __future__ import annotations

import hmac

from api.errors import CsrfTokenWrong, OriginForeign
from api.people.sessions import Session

SAFE_METHODS = ("GET", "HEAD")


def check_origin(origin: str | None, ours: str) -> None:
    """Raises OriginForeign unless the browser says that a page of ``ours`` asks. A browser always says so when something is sent."""
    if origin != ours:
        raise OriginForeign(
            "The request does not come from a page of this service.",
            field="Origin",
            way_out=f"Send it from {ours}; CORRIDOR_PUBLIC_URL says which origin that is.",
        )


def check_csrf(token: str, session: Session) -> None:
    """Raises CsrfTokenWrong unless the request repeats the session's token."""
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise CsrfTokenWrong(
            "The request does not carry the token of its session.",
            field="csrf",
            way_out="Load the page again and send the form from there; a program sends Corridor-CSRF as /console/me names it.",
        )
