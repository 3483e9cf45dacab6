"""The vault's master key: made, and followed by another one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.bootstrap import key_providers, make_module_key
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, console, print_json
from ledger.cli.keys import keys_app
from ledger.errors import Malformed, Misconfigured
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.rewrapping import rewrap

master_app = typer.Typer(help="The vault's master key.", no_args_is_help=True)
keys_app.add_typer(master_app, name="master")


@master_app.command("make")
def make_master_key(file: Annotated[Path, typer.Argument(help="Where it goes, readable by you only; nothing may be there yet.")]) -> None:
    """Make a master key for the vault; prints its name, which gives nothing away. Keep a copy where backups are not."""
    if file.exists():
        raise Malformed(f"{file} is there already.", field="file", value=file, way_out="Name a new file.")
    console.print(FileKeyProvider(file).name, highlight=False)


@master_app.command("make-in-module")
def make_master_key_in_module() -> None:
    """Make a master key inside the module that CORRIDOR_KEY_MODULE names, which it never leaves; prints its name."""
    configured = cli.settings()
    if configured.key_module is None:
        raise Misconfigured("CORRIDOR_KEY_MODULE names no PKCS #11 library. Name the security module's.")
    console.print(make_module_key(configured, configured.key_module), highlight=False)


@master_app.command("rotate")
def rotate_master_key(as_json: bool = AsJson) -> None:
    """Wrap every key of the vault under CORRIDOR_KEY_FILE that CORRIDOR_KEY_OTHER_FILE wraps; run again if it is killed."""
    new, *others = key_providers(cli.settings())
    if not others:
        raise Misconfigured(
            "CORRIDOR_KEY_OTHER_FILE names no file. Name the new master key in CORRIDOR_KEY_FILE and the one it follows in this setting."
        )
    with cli.service() as service:
        service.vault.check()
        done = rewrap(service.owner_url, new, others)
    if as_json:
        print_json(done._asdict())
    else:
        console.print(f"{done.keys} keys wrapped anew; the vault's master key is {done.master_key}.", highlight=False)
