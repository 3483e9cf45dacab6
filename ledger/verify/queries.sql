-- name: accounts
-- Balances, with what the history and the journal of each account come to. The sums change with any row that changes.
SELECT balance.account, balance.currency, balance.normal_side, balance.floor, balance.status, balance.balance, balance.boundary,
       coalesce(history.commits, 0), coalesce(history.commits_sum, 0), coalesce(journal.lines, 0), coalesce(journal.amount, 0),
       coalesce(journal.lines_sum, 0)
FROM projections.balances AS balance
LEFT JOIN (
    SELECT account, count(*) AS commits, sum(balance::numeric * boundary) AS commits_sum
    FROM projections.balance_history
    WHERE corridor = %(corridor)s
    GROUP BY account
) AS history USING (account)
LEFT JOIN (
    SELECT account, count(*) AS lines, sum(amount) AS amount, sum(amount::numeric * position) AS lines_sum
    FROM projections.journal_lines
    WHERE corridor = %(corridor)s
    GROUP BY account
) AS journal USING (account)
WHERE balance.corridor = %(corridor)s;

-- name: open_transfers
-- Transfers, handed over piece by piece.
DECLARE projected_transfers NO SCROLL CURSOR FOR
SELECT uetr, state, frozen, unanswered_since IS NOT NULL, instructed, fee, settlement, remuneration, paid_to_creditor, returned_payout,
       returned_settlement, returned_instructed, last_position
FROM projections.transfers
WHERE corridor = %(corridor)s;

-- name: next_transfers
-- The next piece of them.
FETCH 5000 FROM projected_transfers;

-- name: audit_trail
-- How many decided events there are, and the sum of their positions.
SELECT count(*), coalesce(sum(position), 0) FROM projections.audit_trail WHERE corridor = %(corridor)s;

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
