"""The ledger's side of ISO 20022: what a message that comes in makes it do, and what it tells the banks.

To be read in this order:

- in: `incoming` (the one way in, and who takes which kind), `received` (a message is known by sender, kind and id), `taken` (the answer to
  it), `outcomes` (what became of each of its transactions), `asking` (its commands, decided together), `replies` (the pacs.002 about it),
  `rejects` (the admi.002). Then who takes them: `credit_transfers`; of the creditor agent `status_reports`, `payment_returns`,
  `recall_answers`; of the debtor agent `status_requests` with `present_status`, `recalls`; of the settlement bank `notifications` and
  `settlement_reports` with `settlement_references`; of any of them `announcements`.
- out: `outgoing` (which event makes the corridor say what), `told` (one message to one bank), `lives` (the transfer it is about), and the
  writers, whose names end in ``_out``; `headers` stand before both replies and messages.
- folders: `folders` (moves that no kill can break in two), `watching` (files taken in, and what is told left there).
- `conformance` takes nothing in: it says of each message in a folder what its schema and the guideline say.
"""
