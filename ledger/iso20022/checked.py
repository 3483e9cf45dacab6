"""Reads the fields of one transfer against the rules, and keeps count of every rule that is broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.domain.money import MAX_DIGITS, decimals, parse_amount
from ledger.errors import CurrencyNotAccepted
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party, is_bic, is_country, is_iban, is_lei
from ledger.iso20022.rules import Finding, Rule, finding
from ledger.iso20022.values import plain_decimal, read_date

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
        self.xpath = xpath
        self.findings: list[Finding] = []

    def breach(self, rule: Rule, path: str, value: str | None = None) -> None:
        """Notes a broken rule. ``value`` is shown only as far as it is harmless, and never given for personal data."""
        if len(self.findings) < _FINDINGS_MAX:
            self.findings.append(finding(rule, f"{self.xpath}/{path}", safe(value) if value is not None else None))

    def text(self, path: str, length_max: int = 35) -> str | None:
        """A text of at most so many characters (Max35Text and the like)."""
        text = self.fields.values.get(path)
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

    def amount(self, path: str) -> tuple[int, str] | None:
        """An amount above zero as (minor units, currency); None where it is absent or breaks a rule."""
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
        return parse_amount(plain, currency), currency

    def day(self, path: str) -> date | None:
        """An ISODate."""
        text = self.fields.text(path)
        if text is None:
            return None
        found = read_date(text)
        if found is None:
            self.breach(Rule.DATE_INVALID, path, text)
        return found

    def country(self, path: str) -> str | None:
        """A country code."""
        text = self.fields.text(path)
        if text is not None and not is_country(text):
            self.breach(Rule.COUNTRY_INVALID, path, text)
            return None
        return text

    def lei(self, path: str) -> str | None:
        """An LEI with right check digits."""
        text = self.fields.text(path)
        if text is not None and not is_lei(text):
            self.breach(Rule.LEI_INVALID, path, text)
            return None
        return text

    def bic(self, path: str) -> str | None:
        """A BIC."""
        text = self.fields.text(path)
        if text is not None and not is_bic(text):
            self.breach(Rule.BIC_INVALID, path, text)
            return None
        return text

    def party(self, path: str, rules: PartyRules) -> Party:
        """A debtor or creditor with the name, town and country it must have."""
        name = self.text(f"{path}/Nm", 140)
        if not self.fields.text(f"{path}/Nm"):
            self.breach(rules.name, f"{path}/Nm")
        return Party(
            name=name or "",
            address=self._address(f"{path}/PstlAdr", rules),
            birth=self._birth(f"{path}/Id/PrvtId/DtAndPlcOfBirth"),
            identifications=self._identifications(f"{path}/Id/PrvtId/Othr") + self._identifications(f"{path}/Id/OrgId/Othr"),
            bic=self.bic(f"{path}/Id/OrgId/AnyBIC"),
            lei=self.lei(f"{path}/Id/OrgId/LEI"),
            country_of_residence=self.country(f"{path}/CtryOfRes"),
        )

    def account(self, path: str) -> Account | None:
        """An account, None where there is none."""
        if not self.fields.has(path):
            return None
        iban, other = self.fields.text(f"{path}/Id/IBAN"), self.text(f"{path}/Id/Othr/Id", 34)
        if (iban is None) == (other is None):
            self.breach(Rule.ACCOUNT_INVALID, f"{path}/Id")
        elif iban is not None and not is_iban(iban):
            self.breach(Rule.IBAN_INVALID, f"{path}/Id/IBAN")
        return Account(iban=iban, other=other, currency=self.text(f"{path}/Ccy", 3), name=self.text(f"{path}/Nm", 70))

    def agent(self, path: str, required: Rule | None = None) -> Agent | None:
        """A bank, None where there is none; ``required`` is the rule that its absence, or that of BIC and LEI, breaks."""
        prefix = f"{path}/FinInstnId"
        if not self.fields.has(prefix) and required is None:
            return None
        agent = Agent(
            bic=self.bic(f"{prefix}/BICFI") or self.bic(f"{prefix}/BIC"),  # BIC: the element's name up to version 02
            lei=self.lei(f"{prefix}/LEI"),
            name=self.text(f"{prefix}/Nm", 140),
            clearing_member=self.text(f"{prefix}/ClrSysMmbId/MmbId"),
        )
        if required is not None and not any(self.fields.text(f"{prefix}/{name}") for name in ("BICFI", "BIC", "LEI")):
            self.breach(required, prefix)
        return agent

    def _address(self, path: str, rules: PartyRules) -> Address | None:
        if not self.fields.text(f"{path}/TwnNm"):
            self.breach(rules.town, f"{path}/TwnNm")
        if not self.fields.text(f"{path}/Ctry"):
            self.breach(rules.country, f"{path}/Ctry")
        if not self.fields.has(path):
            return None
        parts = {field: self.text(f"{path}/{element}", length) for field, element, length in _ADDRESS}
        return Address(**parts, country=self.country(f"{path}/Ctry"), lines=self.texts(f"{path}/AdrLine", 70))

    def _birth(self, path: str) -> Birth | None:
        if not self.fields.has(path):
            return None
        on, country = self.day(f"{path}/BirthDt"), self.country(f"{path}/CtryOfBirth")
        town = self.text(f"{path}/CityOfBirth")
        if not all(self.fields.text(f"{path}/{name}") for name in ("BirthDt", "CityOfBirth", "CtryOfBirth")):
            self.breach(Rule.BIRTH_INCOMPLETE, path)
        if on is None or town is None or country is None:
            return None
        return Birth(on=on, town=town, country=country, province=self.text(f"{path}/PrvcOfBirth"))

    def _identifications(self, path: str) -> tuple[Identification, ...]:
        found = []
        for sibling in self.fields.siblings(path):
            number = self.text(f"{sibling}/Id")
            if not self.fields.text(f"{sibling}/Id"):
                self.breach(Rule.IDENTIFICATION_INVALID, f"{sibling}/Id")
            code = self.text(f"{sibling}/SchmeNm/Cd", 4)
            found.append(
                Identification(
                    number=number or "",
                    scheme=code or self.text(f"{sibling}/SchmeNm/Prtry"),
                    issuer=self.text(f"{sibling}/Issr"),
                    scheme_is_code=code is not None or not self.fields.has(f"{sibling}/SchmeNm/Prtry"),
                )
            )
        return tuple(found)


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
