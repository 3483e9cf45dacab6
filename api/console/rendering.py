"""Templates, escaped, with nothing left out silently."""

from __future__ import annotations

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from api.people.roles import Role
from api.people.sessions import Session
from ledger.domain.money import format_amount

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("api.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters["money"] = lambda amount, currency: f"{format_amount(amount, currency)} {currency}"
_ENVIRONMENT.filters["instant"] = lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "–"
_ENVIRONMENT.filters["role"] = lambda role: Role(role).replace("_", " ")


def page(template: str, session: Session | None, *, status: int = 200, **shown: Any) -> Response:
    """A page of the console; ``session`` is whose page it is."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(session=session, **shown), status_code=status)
