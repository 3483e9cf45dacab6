"""One table: command → handler. It is the table of contents of everything the ledger can be asked; see `ledger/deciding/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.breaks import park_break, record_breaks, resolve_break
from ledger.deciding.compliance import freeze_transfer, give_opinion
from ledger.deciding.corridor import open_corridor, receive_message, set_account_status
from ledger.deciding.initiation import fund_transfer, initiate_transfer
from ledger.deciding.keys import approve_key, decline_key, lift_key_suspension, register_key, revoke_key, rotate_key
from ledger.deciding.money_back import answer_recall, cancel_transfer, expire_transfer, refuse_transfer, request_recall, return_transfer
from ledger.deciding.outcome import Outcome
from ledger.deciding.personal_data import end_retention, erase_person, read_personal_data, read_received_message
from ledger.deciding.rates_and_quotes import ask_quote, publish_rate_sheet
from ledger.deciding.settlement import close_cycle, confirm_pay_in, confirm_pay_out
from ledger.deciding.transfer_steps import accept_transfer, flag_unanswered, meet_condition, pay_transfer, resolve_unanswered
from ledger.deciding.treasury import announce_pay_in, charge_settlement, confirm_withdrawal, fund_position, move_cash, request_withdrawal

HANDLERS: dict[type[c.Command], Callable[[Any, Books], Outcome]] = {
    c.OpenCorridor: open_corridor,
    c.SetAccountStatus: set_account_status,
    c.RegisterKey: register_key,
    c.RotateKey: rotate_key,
    c.ApproveKey: approve_key,
    c.DeclineKey: decline_key,
    c.RevokeKey: revoke_key,
    c.LiftKeySuspension: lift_key_suspension,
    c.ReceiveMessage: receive_message,
    c.PublishRateSheet: publish_rate_sheet,
    c.AskQuote: ask_quote,
    c.InitiateTransfer: initiate_transfer,
    c.FundTransfer: fund_transfer,
    c.MeetCondition: meet_condition,
    c.AcceptTransfer: accept_transfer,
    c.PayTransfer: pay_transfer,
    c.RefuseTransfer: refuse_transfer,
    c.CancelTransfer: cancel_transfer,
    c.ExpireTransfer: expire_transfer,
    c.ReturnTransfer: return_transfer,
    c.RequestRecall: request_recall,
    c.AnswerRecall: answer_recall,
    c.FlagUnanswered: flag_unanswered,
    c.ResolveUnanswered: resolve_unanswered,
    c.FreezeTransfer: freeze_transfer,
    c.GiveOpinion: give_opinion,
    c.ReadPersonalData: read_personal_data,
    c.ReadReceivedMessage: read_received_message,
    c.ErasePerson: erase_person,
    c.EndRetention: end_retention,
    c.FundPosition: fund_position,
    c.AnnouncePayIn: announce_pay_in,
    c.RequestWithdrawal: request_withdrawal,
    c.ConfirmWithdrawal: confirm_withdrawal,
    c.ChargeSettlement: charge_settlement,
    c.MoveCash: move_cash,
    c.CloseCycle: close_cycle,
    c.ConfirmPayIn: confirm_pay_in,
    c.ConfirmPayOut: confirm_pay_out,
    c.RecordBreaks: record_breaks,
    c.ParkBreak: park_break,
    c.ResolveBreak: resolve_break,
}
