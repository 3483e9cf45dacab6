"""A party as a message can carry it: its texts in Latin letters, and its name as it was beside the Latin form.

Not every order comes in a message. What a bank sends over the API may have accents in a name or a street, or no Latin form at all.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.iso20022.characters import latin
from ledger.iso20022.parties import Address, Party


def latin_party(party: Party) -> Party:
    """The party with name and address in set X and its extension.

    A name that had to change stands in its own form as the native name, unless there is one. Numbers and codes stay as they are.
    """
    name = _kept(party.name, 140) or ""
    native_name = party.native_name or (party.name if name != party.name else None)
    return replace(party, name=name, native_name=native_name, address=None if party.address is None else _latin_address(party.address))


def _latin_address(address: Address) -> Address:
    return replace(
        address,
        street=_kept(address.street, 70),
        building_number=_kept(address.building_number, 16),
        building_name=_kept(address.building_name, 35),
        floor=_kept(address.floor, 70),
        post_box=_kept(address.post_box, 16),
        room=_kept(address.room, 70),
        post_code=_kept(address.post_code, 16),
        town=_kept(address.town, 35),
        town_location=_kept(address.town_location, 35),
        district=_kept(address.district, 35),
        subdivision=_kept(address.subdivision, 35),
        lines=tuple(latin(line)[:70] for line in address.lines),
    )


def _kept(text: str | None, length_max: int) -> str | None:
    """One letter may become two, so a text may grow over the length of its element."""
    return None if text is None else latin(text)[:length_max]
