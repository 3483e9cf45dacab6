"""The vault's errors: one tree, drawn where they are defined."""

import inspect

from ledger.errors import LedgerError
from ledger.privacy import errors


def test_the_tree_in_the_docstring_names_every_error() -> None:
    """Whoever handles the vault's errors finds them all in one place."""
    defined = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, LedgerError) and value.__module__ == errors.__name__
    }
    drawn = {word for line in (errors.__doc__ or "").splitlines() if "─" in line for word in line.split()}
    assert defined - drawn == set()
