"""Reads the fields of one transfer against the rules, and keeps count of every rule that is broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from ledger.domain.money import MAX_DIGITS, decimals, parse_amount
from ledger.errors import CurrencyNotAccepted
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party, is_bic, is_country, is_iban, is_lei
from ledger.iso20022.rules import Finding, MessageRule, Rule, finding
from ledger.iso20022.values import Amount, plain_decimal, read_date, read_decimal, read_instant, read_uetr

_ADDRESS = (
    ("street", "StrtNm", 70),
    ("building_number", "BldgNb", 16),
    ("building_name", "BldgNm", 35),
    ("floor", "Flr", 70),
    ("post_box", "PstBx", 16),
    ("room", "Room", 70),
    ("post_code", "PstCd", 16),
    ("town", "TwnNm", 35),
    ("town_location", "TwnLctnNm", 35),
    ("district", "DstrctNm", 35),
    ("subdivision", "CtrySubDvsn", 35),
)
# A sender mends a transfer with fewer than these; a hostile one must not make us write a book.
_FINDINGS_MAX = 20


@dataclass(frozen=True, slots=True)
class PartyRules:
    """What a party must have, and the rule each absence breaks."""

    name: Rule
    town: Rule
    country: Rule


DEBTOR = PartyRules(Rule.DEBTOR_NAME_MISSING, Rule.DEBTOR_TOWN_MISSING, Rule.DEBTOR_COUNTRY_MISSING)
CREDITOR = PartyRules(Rule.CREDITOR_NAME_MISSING, Rule.CREDITOR_TOWN_MISSING, Rule.CREDITOR_COUNTRY_MISSING)


class CheckedFields:
    """The fields of one transfer; ``xpath`` is where it stands. What is missing or wrong is noted in ``findings``, in reading order."""

    def __init__(self, fields: Fields, xpath: str) -> None:
        self.fields = fields
        self._value = fields.values.get
        self.xpath = xpath
        self.findings: list[Finding] = []

    def breach(self, rule: MessageRule, path: str, value: str | None = None) -> None:
        """Notes a broken rule. ``value`` is shown only as far as it is harmless, and never given for personal data."""
        if len(self.findings) < _FINDINGS_MAX:
            self.findings.append(finding(rule, f"{self.xpath}/{path}", safe(value) if value is not None else None))

    def once(self, read: frozenset[str], may_repeat: tuple[str, ...]) -> None:
        """Notes every element with equal siblings below those that are ``read``, unless its path ends so that it may repeat.

        Remittance in structured form repeats as it likes.
        """
        for path in dict.fromkeys(self.fields.repeated):
            if path.partition("/")[0].partition("[")[0] in read and not path.endswith(may_repeat) and "RmtInf/Strd" not in path:
                self.breach(Rule.ELEMENT_REPEATED, path)

    def uetr(self, path: str) -> UUID | None:
        """A UETR; its absence breaks a rule, since only by it a transfer is known."""
        text = self.fields.text(path)
        if text is None:
            self.breach(Rule.UETR_MISSING, path)
            return None
        found = read_uetr(text)
        if found is None:
            self.breach(Rule.UETR_INVALID, path, text)
        return found

    def text(self, path: str, length_max: int = 35) -> str | None:
        """A text of at most so many characters (Max35Text and the like)."""
        text = self._value(path)
        if text is not None and len(text) > length_max:
            self.breach(Rule.TEXT_TOO_LONG, path)
            return None
        return text

    def texts(self, path: str, length_max: int) -> tuple[str, ...]:
        """All equal siblings' texts."""
        if path not in self.fields.counts:
            return ()
        found = (self.text(sibling, length_max) for sibling in self.fields.siblings(path))
        return tuple(text for text in found if text is not None)

    def amount(self, path: str) -> Amount | None:
        """An amount above zero; None where it is absent or breaks a rule."""
        text, currency = self.fields.text(path), self.fields.text(f"{path}@Ccy")
        if text is None:
            if self.fields.has(path):
                self.breach(Rule.AMOUNT_INVALID, path)
            return None
        if currency is None:
            self.breach(Rule.CURRENCY_MISSING, f"{path}/@Ccy")
            return None
        try:
            places = decimals(currency)
        except CurrencyNotAccepted:
            self.breach(Rule.CURRENCY_UNKNOWN, f"{path}/@Ccy", currency)
            return None
        plain = plain_decimal(text)
        rule = _amount_rule(plain, places)
        if rule is not None or plain is None:
            self.breach(rule or Rule.AMOUNT_INVALID, path, text)
            return None
        return Amount(parse_amount(plain, currency), currency)

    def exchange_rate(self) -> Decimal | None:
        """XchgRate, a BaseOneRate above zero."""
        text = self.fields.text("XchgRate")
        if text is None:
            return None
        rate = read_decimal(text, digits_max=11, decimals_max=10)
        if rate is None or rate <= 0:
            self.breach(Rule.EXCHANGE_RATE_INVALID, "XchgRate", text)
        return rate

    def day(self, path: str) -> date | None:
        """An ISODate."""
        text = self._value(path)
        if text is None:
            return None
        found = read_date(text)
        if found is None:
            self.breach(Rule.DATE_INVALID, path, text)
        return found

    def instant(self, path: str) -> datetime | None:
        """An ISODateTime."""
        text = self.fields.text(path)
        if text is None:
            return None
        found = read_instant(text)
        if found is None:
            self.breach(Rule.DATE_INVALID, path, text)
        return found

    def country(self, path: str) -> str | None:
        """A country code."""
        text = self._value(path)
        if text is not None and not is_country(text):
            self.breach(Rule.COUNTRY_INVALID, path, text)
            return None
        return text

    def lei(self, path: str) -> str | None:
        """An LEI with right check digits."""
        text = self._value(path)
        if text is not None and not is_lei(text):
            self.breach(Rule.LEI_INVALID, path, text)
            return None
        return text

    def bic(self, path: str) -> str | None:
        """A BIC."""
        text = self._value(path)
        if text is not None and not is_bic(text):
            self.breach(Rule.BIC_INVALID, path, text)
            return None
        return text

    def party(self, path: str, rules: PartyRules | None = None) -> Party:
        """A person or organisation; ``rules`` say what it must have, and without them it has what it has."""
        at = _party_paths(path)
        name = self.text(at.name, 140)
        if rules is not None and not self.fields.text(at.name):
            self.breach(rules.name, at.name)
        address, birth = self._address(at, rules), self._birth(at)
        documents, registrations = self._identifications(at.documents), self._identifications(at.registrations)
        bic, lei = self.bic(at.bic) or self.bic(at.old_bic), self.lei(at.lei)
        return Party(
            name=name or "",
            address=address,
            birth=birth,
            identifications=documents + registrations,
            bic=bic,
            lei=lei,
            country_of_residence=self.country(at.residence),
            registered=bool(registrations) and bic is None and lei is None,
        )

    def account(self, path: str) -> Account | None:
        """An account, None where there is none."""
        if not self.fields.has(path):
            return None
        at = _account_paths(path)
        iban, other = self.fields.text(at.iban), self.text(at.other, 34)
        if (iban is None) == (self._value(at.other) is None):
            self.breach(Rule.ACCOUNT_INVALID, at.number)
        elif iban is not None and not is_iban(iban):
            self.breach(Rule.IBAN_INVALID, at.iban)
        return Account(iban=iban, other=other, currency=self.text(at.currency, 3), name=self.text(at.name, 70))

    def agent(self, path: str, required: Rule | None = None) -> Agent | None:
        """A bank, None where there is none; ``required`` is the rule that its absence, or that of BIC and LEI, breaks."""
        at = _agent_paths(path)
        if not self.fields.has(at.institution) and required is None:
            return None
        value = self._value
        bic, old_bic, lei = value(at.bic), value(at.old_bic), value(at.lei)
        if required is not None and not (bic or old_bic or lei):
            self.breach(required, at.institution)
        bic = bic and self.bic(at.bic)
        return _agent(
            bic or (old_bic and self.bic(at.old_bic)), lei and self.lei(at.lei), self.text(at.name, 140), self.text(at.clearing_member)
        )

    def agents(self, *paths: str) -> tuple[Agent, ...]:
        """Those of several banks that are there."""
        found = (self.agent(path) for path in paths)
        return tuple(agent for agent in found if agent is not None)

    def _address(self, at: _PartyPaths, rules: PartyRules | None) -> Address | None:
        if rules is not None and not self.fields.text(at.town):
            self.breach(rules.town, at.town)
        if rules is not None and not self.fields.text(at.country):
            self.breach(rules.country, at.country)
        if not self.fields.has(at.address):
            return None
        value, parts = self._value, {}
        for field, path, length in at.address_parts:
            text = value(path)
            if text is not None:
                parts[field] = text if len(text) <= length else self.text(path, length)
        return Address(**parts, country=self.country(at.country), lines=self.texts(at.lines, 70))

    def _birth(self, at: _PartyPaths) -> Birth | None:
        if at.birth not in self.fields.counts:
            return None
        on, country = self.day(at.birth_date), self.country(at.birth_country)
        town, value = self.text(at.birth_town), self._value
        if not (value(at.birth_date) and value(at.birth_town) and value(at.birth_country)):
            self.breach(Rule.BIRTH_INCOMPLETE, at.birth)
        if on is None or town is None or country is None:
            return None
        return Birth(on=on, town=town, country=country, province=self.text(at.birth_province))

    def _identifications(self, path: str) -> tuple[Identification, ...]:
        if path not in self.fields.counts:
            return ()
        found = []
        for sibling in self.fields.siblings(path):
            at = _identification_paths(sibling)
            number = self.text(at.number)
            if not self._value(at.number):
                self.breach(Rule.IDENTIFICATION_INVALID, at.number)
            code = self.text(at.code, 4)
            found.append(
                Identification(
                    number=number or "",
                    scheme=code or self.text(at.word),
                    issuer=self.text(at.issuer),
                    scheme_is_code=code is not None or at.word not in self.fields.counts,
                )
            )
        return tuple(found)


# The paths below a party, an account and so on, put together once for each place they stand at


class _PartyPaths(NamedTuple):
    name: str
    address: str
    address_parts: tuple[tuple[str, str, int], ...]
    lines: str
    town: str
    country: str
    birth: str
    birth_date: str
    birth_town: str
    birth_country: str
    birth_province: str
    documents: str
    registrations: str
    bic: str
    old_bic: str
    lei: str
    residence: str


@lru_cache(maxsize=16)
def _party_paths(path: str) -> _PartyPaths:
    address, birth = f"{path}/PstlAdr", f"{path}/Id/PrvtId/DtAndPlcOfBirth"
    return _PartyPaths(
        name=f"{path}/Nm",
        address=address,
        address_parts=tuple((field, f"{address}/{element}", length) for field, element, length in _ADDRESS),
        lines=f"{address}/AdrLine",
        town=f"{address}/TwnNm",
        country=f"{address}/Ctry",
        birth=birth,
        birth_date=f"{birth}/BirthDt",
        birth_town=f"{birth}/CityOfBirth",
        birth_country=f"{birth}/CtryOfBirth",
        birth_province=f"{birth}/PrvcOfBirth",
        documents=f"{path}/Id/PrvtId/Othr",
        registrations=f"{path}/Id/OrgId/Othr",
        bic=f"{path}/Id/OrgId/AnyBIC",
        old_bic=f"{path}/Id/OrgId/BICOrBEI",  # the element's name up to 2012
        lei=f"{path}/Id/OrgId/LEI",
        residence=f"{path}/CtryOfRes",
    )


class _IdentificationPaths(NamedTuple):
    number: str
    code: str
    word: str
    issuer: str


@lru_cache(maxsize=64)
def _identification_paths(path: str) -> _IdentificationPaths:
    return _IdentificationPaths(number=f"{path}/Id", code=f"{path}/SchmeNm/Cd", word=f"{path}/SchmeNm/Prtry", issuer=f"{path}/Issr")


class _AccountPaths(NamedTuple):
    number: str
    iban: str
    other: str
    currency: str
    name: str


@lru_cache(maxsize=16)
def _account_paths(path: str) -> _AccountPaths:
    return _AccountPaths(number=f"{path}/Id", iban=f"{path}/Id/IBAN", other=f"{path}/Id/Othr/Id", currency=f"{path}/Ccy", name=f"{path}/Nm")


class _AgentPaths(NamedTuple):
    institution: str
    bic: str
    old_bic: str
    lei: str
    name: str
    clearing_member: str


@lru_cache(maxsize=64)
def _agent(bic: str | None, lei: str | None, name: str | None, clearing_member: str | None) -> Agent:
    """The same few banks stand in every transfer."""
    return Agent(bic=bic, lei=lei, name=name, clearing_member=clearing_member)


@lru_cache(maxsize=16)
def _agent_paths(path: str) -> _AgentPaths:
    institution = f"{path}/FinInstnId"
    return _AgentPaths(
        institution=institution,
        bic=f"{institution}/BICFI",
        old_bic=f"{institution}/BIC",  # the element's name up to version 02
        lei=f"{institution}/LEI",
        name=f"{institution}/Nm",
        clearing_member=f"{institution}/ClrSysMmbId/MmbId",
    )


def _amount_rule(plain: str | None, places: int) -> Rule | None:
    """The rule an amount breaks, None where it is a good one."""
    if plain is None:
        return Rule.AMOUNT_INVALID
    whole, _, fraction = plain.lstrip("-").partition(".")
    if plain.startswith("-"):
        return Rule.AMOUNT_NEGATIVE
    if not (whole + fraction).strip("0"):
        return Rule.AMOUNT_ZERO
    if len(fraction) > places:
        return Rule.AMOUNT_DECIMALS
    if len(whole) + len(fraction) > MAX_DIGITS or len(whole) + places > MAX_DIGITS:
        return Rule.AMOUNT_INVALID
    return None
