"""The rules one credit transfer must meet to be taken, and how a breach is told.

The rules stand in place of the official schema, which the project does not carry, and add what banks expect beyond it. Each has a
stable id, a sentence, what to do, and the reason of the external code set (ExternalStatusReason1Code) a pacs.002 answers with.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MessageRule(Enum):
    """One rule: id, sentence, way out, reason code for the answer. Each kind of message has its own list of them."""

    _value_: tuple[str, str, str, str]

    @property
    def id(self) -> str:
        """The stable public name."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What must hold."""
        return self.value[1]

    @property
    def way_out(self) -> str:
        """What the sender can do."""
        return self.value[2]

    @property
    def reason_code(self) -> str:
        """ExternalStatusReason1Code for the answer."""
        return self.value[3]


class Rule(MessageRule):
    """The rules of a credit transfer, and of the values that any message holds."""

    UETR_MISSING = ("uetr-missing", "A transfer has a UETR.", "Give it a UUID version 4 in lower case.", "CH21")
    UETR_INVALID = ("uetr-invalid", "A UETR is a UUID version 4 in lower case.", "Give it one (RFC 9562).", "CH16")
    UETR_REPEATED = ("uetr-repeated", "A UETR stands once in a file.", "Give each transfer its own; the first one stands.", "RF01")
    ELEMENT_REPEATED = ("element-repeated", "This element stands at most once.", "Send it once.", "CH17")
    REFERENCE_CHARACTERS = (
        "reference-characters",
        "An id, a reference or a number is written in character set X.",
        "Use Latin letters without marks, digits, space and / - ? : ( ) . , ' + only.",
        "CH16",
    )
    TEXT_CHARACTERS = (
        "text-characters",
        "A text is written in character set X or its extension.",
        "Write Latin letters without marks; a name in its own script goes into the supplement.",
        "CH16",
    )
    REFERENCE_SLASHES = (
        "reference-slashes",
        "An id neither begins nor ends with a slash, and has no two of them in a row.",
        "Write it without them.",
        "CH16",
    )
    TEXT_TOO_LONG = ("text-too-long", "A text keeps within the length of its type.", "Shorten it.", "CH16")
    INSTRUCTION_ID_MISSING = ("instruction-id-missing", "A transfer has an instruction id.", "Send the one you know it by.", "CH21")
    END_TO_END_ID_MISSING = ("end-to-end-id-missing", "A transfer has an end-to-end id.", "Send one, NOTPROVIDED at least.", "FF08")
    AMOUNT_MISSING = ("amount-missing", "A transfer has an interbank settlement amount.", "State it.", "AM12")
    AMOUNT_INVALID = ("amount-invalid", "An amount is a decimal number of at most 18 digits.", "Write digits and a point.", "AM12")
    AMOUNT_DECIMALS = (
        "amount-decimals",
        "An amount has no more decimals than its currency (ISO 4217).",
        "Send whole minor units.",
        "CH20",
    )
    AMOUNT_ZERO = ("amount-zero", "An amount is above zero.", "Send an amount above zero.", "AM01")
    AMOUNT_NEGATIVE = ("amount-negative", "An amount is above zero.", "Send an amount above zero.", "AM12")
    CURRENCY_MISSING = ("currency-missing", "An amount names its currency.", "Set Ccy.", "AM11")
    CURRENCY_UNKNOWN = ("currency-unknown", "A currency is one of ISO 4217.", "Set Ccy to such a code.", "AM11")
    EXCHANGE_RATE_MISSING = (
        "exchange-rate-missing",
        "A transfer instructed in another currency than it settles in states its exchange rate.",
        "State XchgRate, or leave InstdAmt away.",
        "CH21",
    )
    EXCHANGE_RATE_INVALID = (
        "exchange-rate-invalid",
        "An exchange rate is a decimal number above zero of at most 11 digits, 10 of them decimals.",
        "State such a rate.",
        "CH16",
    )
    DATE_MISSING = ("settlement-date-missing", "A transfer or its file has an interbank settlement date.", "State it.", "DT01")
    DATE_INVALID = ("date-invalid", "A date is one of the calendar, written 2026-03-27.", "Send such a date.", "DT01")
    CHARGE_BEARER_MISSING = ("charge-bearer-missing", "A transfer says who bears the charges.", "Set ChrgBr.", "CH21")
    CHARGE_BEARER_UNKNOWN = ("charge-bearer-unknown", "The charge bearer is DEBT, SHAR or CRED.", "Set one of them.", "BE19")
    RETURNED_AMOUNT_MISSING = (
        "returned-amount-missing",
        "A return states the settlement amount that it returns.",
        "State RtrdIntrBkSttlmAmt.",
        "AM12",
    )
    RETURN_REASON_MISSING = ("return-reason-missing", "A return says why, by a code or a word.", "State RtrRsnInf/Rsn.", "CH21")
    REJECTION_REASON_MISSING = (
        "rejection-reason-missing",
        "A rejection says why, by a code of the external set or a word.",
        "State StsRsnInf/Rsn.",
        "CH21",
    )
    STATUS_NOT_TAKEN = (
        "status-not-taken",
        "A status says that the transfer is accepted, paid, refused or pending.",
        "Send ACTC, ACCP, ACSP, ACWC, ACWP, ACFC, ACCC, ACSC, CPUC, RJCT, PDNG or RCVD.",
        "CH16",
    )
    REASON_INVALID = (
        "reason-invalid",
        "A reason is a code of at most 4 letters and digits.",
        "Send a code of the external set.",
        "CH16",
    )
    RETURN_REPEATED = (
        "return-repeated",
        "A return id stands once for each transfer in a file.",
        "Give each part a return id of its own; the first one stands.",
        "RF01",
    )
    ORIGINAL_MESSAGE_INVALID = (
        "original-message-invalid",
        "An original message is told by its id and its kind, such as pacs.008.001.08.",
        "State both, or leave it away.",
        "CH16",
    )
    DEBTOR_INSTITUTION_MISSING = (
        "debtor-institution-missing",
        "The bank that sends its own money has a BIC, an LEI or a name.",
        "State one in Dbtr.",
        "RC03",
    )
    CREDITOR_INSTITUTION_MISSING = (
        "creditor-institution-missing",
        "The bank that is sent money of its own has a BIC, an LEI or a name.",
        "State one in Cdtr.",
        "RC04",
    )
    PRIORITY_UNKNOWN = ("priority-unknown", "A settlement priority is URGT, HIGH or NORM.", "Set one of them.", "CH16")
    UNDERLYING_TRANSFER_MISSING = (
        "underlying-transfer-missing",
        "A cover payment names debtor and creditor of the transfer it covers, and both their banks.",
        "State all four in UndrlygCstmrCdtTrf.",
        "CH21",
    )
    DEBTOR_NAME_MISSING = ("debtor-name-missing", "The debtor has a name.", "State it.", "BE08")
    DEBTOR_TOWN_MISSING = ("debtor-town-missing", "The debtor's address has its town in TwnNm.", "State it there.", "BE07")
    DEBTOR_COUNTRY_MISSING = ("debtor-country-missing", "The debtor's address has its country in Ctry.", "State it.", "BE10")
    DEBTOR_ACCOUNT_MISSING = (
        "debtor-account-missing",
        "A transfer out of an account names the account.",
        "State DbtrAcct, or set the product to cash.",
        "AC02",
    )
    DEBTOR_AGENT_MISSING = ("debtor-agent-missing", "The debtor's bank has a BIC or an LEI.", "State it.", "RC03")
    CREDITOR_NAME_MISSING = ("creditor-name-missing", "The creditor has a name.", "State it.", "BE22")
    CREDITOR_TOWN_MISSING = ("creditor-town-missing", "The creditor's address has its town in TwnNm.", "State it there.", "BE04")
    CREDITOR_COUNTRY_MISSING = ("creditor-country-missing", "The creditor's address has its country in Ctry.", "State it.", "BE11")
    CREDITOR_ACCOUNT_MISSING = (
        "creditor-account-missing",
        "A transfer into an account names the account.",
        "State CdtrAcct, or set the product to cash.",
        "AC03",
    )
    CREDITOR_AGENT_MISSING = ("creditor-agent-missing", "The creditor's bank has a BIC or an LEI.", "State it.", "RC04")
    COUNTRY_INVALID = ("country-invalid", "A country is two capital letters (ISO 3166).", "Send such a code.", "BE09")
    ADDRESS_LINES_ALONE = (
        "address-lines-alone",
        "An address with lines has its town in TwnNm and its country in Ctry.",
        "State both there, or leave the address away.",
        "CH16",
    )
    ADDRESS_LINES_TOO_MANY = (
        "address-lines-too-many",
        "An address has at most two lines beside its own fields.",
        "Put street, number and post code into their fields.",
        "CH16",
    )
    ADDRESS_LINE_REPEATS = (
        "address-line-repeats",
        "A line of an address says nothing that its own fields say.",
        "Leave out of the lines what stands in a field.",
        "CH16",
    )
    BIRTH_INCOMPLETE = (
        "birth-incomplete",
        "A birth has its date, town and country.",
        "State all three, or leave the birth away.",
        "BE15",
    )
    IDENTIFICATION_INVALID = ("identification-invalid", "An identification has a number.", "State it.", "BE15")
    ACCOUNT_INVALID = ("account-invalid", "An account is one IBAN or one other number.", "State exactly one.", "AC01")
    IBAN_INVALID = ("iban-invalid", "An IBAN has its form and right check digits (ISO 13616).", "Correct it.", "AC01")
    BIC_INVALID = ("bic-invalid", "A BIC has 8 or 11 characters of its form (ISO 9362).", "Correct it.", "RC01")
    LEI_INVALID = ("lei-invalid", "An LEI has 20 characters and right check digits (ISO 17442).", "Correct it.", "RC02")
    PURPOSE_INVALID = ("purpose-invalid", "A purpose is a code of at most 4 letters and digits.", "Send such a code.", "FF07")
    REASON_NOT_IN_SET = (
        "reason-not-in-set",
        "The reason of a recall is in its external code set in force on the day of the message.",
        "Send a code of ExternalCancellationReason1Code, or a word of your own in Prtry.",
        "CH16",
    )
    PURPOSE_NOT_IN_SET = (
        "purpose-not-in-set",
        "A purpose is in the external code set in force on the day of the message.",
        "Send a code of ExternalPurpose1Code.",
        "FF07",
    )
    CATEGORY_PURPOSE_NOT_IN_SET = (
        "category-purpose-not-in-set",
        "A category purpose is in the external code set in force on the day of the message.",
        "Send a code of ExternalCategoryPurpose1Code, or none.",
        "FF06",
    )
    PRODUCT_UNKNOWN = (
        "product-unknown",
        "The local instrument names how money is handed in and out.",
        "Set LclInstrm/Prtry to account_to_account, account_to_cash, cash_to_account, cash_to_cash or merchant_qr.",
        "FF05",
    )
    RELEASE_CONDITION_INVALID = (
        "release-condition-invalid",
        "A release condition has a known kind, a reference, the BIC that confirms it and a deadline with its UTC offset.",
        "State all four.",
        "CH16",
    )

    STATUS_MISSING = ("status-missing", "A transaction of a status report has its status.", "State TxSts.", "CH21")
    STATUS_INVALID = ("status-invalid", "A status is a code of at most 4 letters and digits.", "Send such a code.", "CH16")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a transfer breaks. ``xpath`` is where it was looked at; ``sentence`` names rule, value where harmless, way out."""

    rule: str
    xpath: str
    sentence: str
    reason_code: str


def finding(rule: MessageRule, xpath: str, value: str | None = None) -> Finding:
    """The finding of a rule at a place. ``value`` must have gone through `fields.safe`."""
    shown = f" Found {value}." if value else ""
    return Finding(rule.id, xpath, f"{rule.sentence}{shown} {rule.way_out}", rule.reason_code)
