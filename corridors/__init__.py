"""The corridors that ship with the ledger: one TOML file each. A second corridor is a second file, no code."""

from __future__ import annotations

from importlib.resources import files

from ledger.domain.terms import Terms, read_terms
from ledger.errors import UnknownCorridor


def shipped() -> list[str]:
    """The codes of the corridor files in this package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files(__package__).iterdir() if entry.name.endswith(".toml"))


def shipped_terms(code: str) -> Terms:
    """The terms in ``corridors/{code}.toml``. Raises UnknownCorridor, TermsInvalid."""
    if code not in shipped():
        raise UnknownCorridor(
            f"No corridor file is called {code}.toml.", field="corridor", value=code, way_out=f"Use one of {', '.join(shipped())}."
        )
    return read_terms((files(__package__) / f"{code}.toml").read_text(encoding="utf-8"))
