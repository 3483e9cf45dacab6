"""The command ``corridor``."""

from ledger.cli.frame import main

__all__ = ["main"]
