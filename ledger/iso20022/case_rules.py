"""The rules of recalls, of the answers to them and of announced receipts (camt.056, camt.029, camt.057)."""

from __future__ import annotations

from ledger.iso20022.rules import MessageRule


class CaseRule(MessageRule):
    """What such a message must say beyond the rules of its values, which are `rules.Rule`."""

    CASE_MISSING = ("case-missing", "A recall and its answer name the case.", "Set Case/Id, in an answer RslvdCase/Id.", "CH21")
    TRANSFERS_NOT_NAMED = (
        "transfers-not-named",
        "A recall and its answer name each transfer; a file of transfers is not recalled by its message id.",
        "State one TxInf, in an answer TxInfAndSts, for each transfer with its UETR.",
        "CH21",
    )
    ORIGINAL_MESSAGE_INCOMPLETE = (
        "original-message-incomplete",
        "An original message is named by its id and its name.",
        "State OrgnlMsgId and OrgnlMsgNmId, or leave both away.",
        "CH21",
    )
    RECALL_REASON_MISSING = ("recall-reason-missing", "A recall says why.", "State CxlRsnInf/Rsn/Cd.", "CH21")
    REASON_INVALID = (
        "reason-invalid",
        "A reason is a code of at most 4 letters and digits, or a word of at most 35 characters.",
        "State one of the two.",
        "CH16",
    )
    ANSWER_MISSING = (
        "recall-answer-missing",
        "An answer to a recall says whether it is agreed, refused or pending.",
        "Set Sts/Conf to CNCL, RJCR or PDCR, or TxCxlSts to ACCR, RJCR or PDCR.",
        "CH21",
    )
    ANSWER_UNKNOWN = (
        "recall-answer-unknown",
        "A recall is answered in Sts/Conf by CNCL, RJCR, PDCR or PECR, in TxCxlSts by ACCR, RJCR or PDCR.",
        "Set one of them.",
        "CH16",
    )
    ANSWER_CONTRADICTS = (
        "recall-answer-contradicts",
        "What an answer says as a whole is what it says of each transfer, unless it is PECR.",
        "Set Sts/Conf and TxCxlSts to the same answer.",
        "CH16",
    )
    REFUSAL_REASON_MISSING = ("refusal-reason-missing", "Who refuses a recall says why.", "State CxlStsRsnInf/Rsn/Cd.", "CH21")
    RECEIPT_ID_MISSING = ("receipt-id-missing", "An announced receipt has an id.", "State Itm/Id.", "CH21")
    RECEIPT_AMOUNT_MISSING = ("receipt-amount-missing", "An announced receipt has an amount.", "State Itm/Amt.", "AM12")
    RECEIPT_DATE_MISSING = ("receipt-date-missing", "An announced receipt has its value date.", "State XpctdValDt.", "DT01")
    INDICATOR_INVALID = ("indicator-invalid", "An indicator is true or false.", "Set it to one of the two.", "CH16")
    COUNT_INVALID = ("count-invalid", "A number of transfers or a sum of theirs is a number.", "Send digits.", "CH16")
