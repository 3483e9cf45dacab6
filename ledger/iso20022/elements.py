"""Building blocks for messages we write. Elements are in their parent's namespace; what is absent is left out."""

from __future__ import annotations

from typing import cast

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.envelope import ISO_PREFIX
from ledger.iso20022.parties import Account, Address, Agent, Identification, Party
from ledger.iso20022.values import Amount


def root(version: str, name: str) -> etree._Element:
    """An element without a parent in the namespace of a message, such as ``pacs.008.001.08``."""
    namespace = ISO_PREFIX + version
    return etree.Element(f"{{{namespace}}}{name}", nsmap=default(namespace))


def default(namespace: str) -> dict[str, str]:
    """A namespace to be declared without a prefix."""
    return cast("dict[str, str]", {None: namespace})  # lxml's stubs know prefixes only as str


def branch(parent: etree._Element, name: str) -> etree._Element:
    """A new last child that will hold others."""
    return etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")


def leaf(parent: etree._Element, name: str, text: str | None, **attributes: str) -> None:
    """A new last child with this text; nothing where the text is None or empty."""
    if text:
        element = branch(parent, name)
        element.text = text
        for attribute, value in attributes.items():
            element.set(attribute, value)


def add_amount(parent: etree._Element, name: str, amount: Amount | None) -> None:
    """An amount with its currency, nothing where there is none."""
    if amount is not None:
        leaf(parent, name, format_amount(amount.minor, amount.currency), Ccy=amount.currency)


def to_bytes(element: etree._Element) -> bytes:
    """The document with this root as UTF-8 with an XML declaration, indented."""
    etree.cleanup_namespaces(element)
    etree.indent(element)
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8") + b"\n"


def add_party(parent: etree._Element, name: str, party: Party) -> None:
    """A PartyIdentification. The native name has no place in it; see `supplement`."""
    element = branch(parent, name)
    leaf(element, "Nm", party.name)
    if party.address is not None:
        _add_address(element, party.address)
    if party.bic or party.lei or party.registered:
        organisation = branch(branch(element, "Id"), "OrgId")
        leaf(organisation, "AnyBIC", party.bic)
        leaf(organisation, "LEI", party.lei)
        _add_identifications(organisation, party.identifications)
    elif party.birth is not None or party.identifications:
        person = branch(branch(element, "Id"), "PrvtId")
        if party.birth is not None:
            birth = branch(person, "DtAndPlcOfBirth")
            leaf(birth, "BirthDt", party.birth.on.isoformat())
            leaf(birth, "PrvcOfBirth", party.birth.province)
            leaf(birth, "CityOfBirth", party.birth.town)
            leaf(birth, "CtryOfBirth", party.birth.country)
        _add_identifications(person, party.identifications)
    leaf(element, "CtryOfRes", party.country_of_residence)


def add_account(parent: etree._Element, name: str, account: Account | None) -> None:
    """A CashAccount, nothing where there is none."""
    if account is None:
        return
    element = branch(parent, name)
    add_account_fields(element, account)


def add_account_fields(element: etree._Element, account: Account) -> None:
    """What stands in a CashAccount: number, currency, name."""
    number = branch(element, "Id")
    if account.iban:
        leaf(number, "IBAN", account.iban)
    else:
        leaf(branch(number, "Othr"), "Id", account.other)
    leaf(element, "Ccy", account.currency)
    leaf(element, "Nm", account.name)


def add_agent(parent: etree._Element, name: str, agent: Agent | None) -> None:
    """A BranchAndFinancialInstitutionIdentification, nothing where there is none."""
    if agent is None:
        return
    institution = branch(branch(parent, name), "FinInstnId")
    leaf(institution, "BICFI", agent.bic)
    if agent.clearing_member:
        leaf(branch(institution, "ClrSysMmbId"), "MmbId", agent.clearing_member)
    leaf(institution, "LEI", agent.lei)
    leaf(institution, "Nm", agent.name)


def _add_address(parent: etree._Element, address: Address) -> None:
    element = branch(parent, "PstlAdr")
    for name, text in (
        ("StrtNm", address.street),
        ("BldgNb", address.building_number),
        ("BldgNm", address.building_name),
        ("Flr", address.floor),
        ("PstBx", address.post_box),
        ("Room", address.room),
        ("PstCd", address.post_code),
        ("TwnNm", address.town),
        ("TwnLctnNm", address.town_location),
        ("DstrctNm", address.district),
        ("CtrySubDvsn", address.subdivision),
        ("Ctry", address.country),
    ):
        leaf(element, name, text)
    for line in address.lines:
        leaf(element, "AdrLine", line)


def _add_identifications(parent: etree._Element, identifications: tuple[Identification, ...]) -> None:
    for identification in identifications:
        element = branch(parent, "Othr")
        leaf(element, "Id", identification.number)
        if identification.scheme:
            leaf(branch(element, "SchmeNm"), "Cd" if identification.scheme_is_code else "Prtry", identification.scheme)
        leaf(element, "Issr", identification.issuer)
