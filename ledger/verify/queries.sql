-- name: accounts
-- Balances.
SELECT account, currency, normal_side, floor, status, balance, boundary FROM projections.balances WHERE corridor = %(corridor)s;

-- name: balance_history
-- What a part of the history comes to for each account. The sums change with any row that changes.
SELECT account, count(*), sum(balance::numeric * boundary) FROM projections.balance_history WHERE {part} GROUP BY account;

-- name: journal_lines
-- The same of the journal.
SELECT account, count(*), sum(amount), sum(amount::numeric * position) FROM projections.journal_lines WHERE {part} GROUP BY account;

-- name: transfers
-- The next transfers by UETR; the first ones after none.
SELECT uetr, state, frozen, unanswered_since IS NOT NULL, instructed, fee, settlement, remuneration, paid_to_creditor, returned_payout,
       returned_settlement, returned_instructed, last_position
FROM projections.transfers
WHERE corridor = %(corridor)s AND (%(after)s::uuid IS NULL OR uetr > %(after)s::uuid)
ORDER BY uetr
LIMIT %(size)s;

-- name: audit_trail
-- How many decided events a part has, and the sum of their positions.
SELECT count(*), coalesce(sum(position), 0) FROM projections.audit_trail WHERE {part};

-- name: cycles
-- Keys and what is compared of them.
SELECT number, state, from_boundary, to_boundary, positions, pay_ins, pay_outs FROM projections.cycles WHERE corridor = %(corridor)s;

-- name: cycle_payments
-- Keys and what is compared of them.
SELECT cycle, direction, participant, amount, bank_reference FROM projections.cycle_payments WHERE corridor = %(corridor)s;

-- name: movements
-- Keys and what is compared of them.
SELECT reference, state, participant, currency, amount FROM projections.movements WHERE corridor = %(corridor)s;

-- name: breaks
-- Keys and what is compared of them.
SELECT break_id, state, break_class, account, difference FROM projections.breaks WHERE corridor = %(corridor)s;

-- name: cases
-- Keys and what is compared of them.
SELECT "case", outcome, kind, uetr::text FROM projections.cases WHERE corridor = %(corridor)s;

-- name: rate_sheets
-- Keys and what is compared of them.
SELECT participant, sheet, rates, source FROM projections.rate_sheets WHERE corridor = %(corridor)s;
