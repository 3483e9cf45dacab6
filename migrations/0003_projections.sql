-- What the log comes to, kept ready for reading: everything here is derived and can be rebuilt from the events at any time.
--
-- A runner folds pages of whole commits into all of these tables in one transaction, so every read of one snapshot balances. Each table
-- belongs to corridor_app: a rebuild fills tables made LIKE these beside them (`name__next`) and then takes their names, which only
-- their owner may do. Amounts are minor units of the currency beside them; those of lines are signed, debit positive.

-- Where every account stands. `boundary` and `recorded_at` are those of the last commit that touched it. Rewritten once a page, in place.
CREATE TABLE projections.balances (
    corridor    text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    currency    text NOT NULL,
    normal_side text NOT NULL,
    floor       bigint,
    status      text NOT NULL,
    balance     bigint NOT NULL,
    below_floor boolean NOT NULL,
    boundary    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (corridor, account)
) WITH (fillfactor = 10);

-- Where every account stood after each commit that touched it.
CREATE TABLE projections.balance_history (
    corridor    text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    boundary    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    currency    text NOT NULL,
    normal_side text NOT NULL,
    floor       bigint,
    status      text NOT NULL,
    balance     bigint NOT NULL,
    PRIMARY KEY (corridor, account, boundary)
);

-- When an account stood below its floor, and until when.
CREATE TABLE projections.alerts (
    corridor        text COLLATE "C" NOT NULL,
    account         text COLLATE "C" NOT NULL,
    currency        text NOT NULL,
    floor           bigint NOT NULL,
    balance         bigint NOT NULL,
    raised_at       timestamptz NOT NULL,
    raised_boundary bigint NOT NULL,
    ended_at        timestamptz,
    ended_boundary  bigint,
    PRIMARY KEY (corridor, account, raised_boundary)
);

-- Every line of every entry. The date index is a BRIN: lines come in the order of their dates, give or take a day.
CREATE TABLE projections.journal_lines (
    corridor     text COLLATE "C" NOT NULL,
    account      text COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    line_no      integer NOT NULL,
    boundary     bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    currency     text NOT NULL,
    entry        text NOT NULL,
    reference    uuid NOT NULL,
    command      uuid NOT NULL,
    amount       bigint NOT NULL,
    booking_date date NOT NULL,
    value_date   date NOT NULL,
    PRIMARY KEY (corridor, account, position, line_no)
);
CREATE INDEX journal_lines_by_reference ON projections.journal_lines (corridor, reference);
CREATE INDEX journal_lines_by_booking_date ON projections.journal_lines USING brin (corridor, booking_date);

-- One row a transfer, as it stands. `debtor` and `creditor` are subject ids of the vault.
CREATE TABLE projections.transfers (
    corridor             text COLLATE "C" NOT NULL,
    uetr                 uuid NOT NULL,
    state                text COLLATE "C" NOT NULL,
    debtor_agent         text COLLATE "C" NOT NULL,
    creditor_agent       text COLLATE "C" NOT NULL,
    product              text NOT NULL,
    payout_method        text NOT NULL,
    purpose              text NOT NULL,
    charge_bearer        text NOT NULL,
    debtor               uuid NOT NULL,
    creditor             uuid NOT NULL,
    quote                uuid,
    debtor_currency      text NOT NULL,
    settlement_currency  text NOT NULL,
    creditor_currency    text NOT NULL,
    instructed           bigint NOT NULL,
    fee                  bigint NOT NULL,
    settlement           bigint NOT NULL,
    remuneration         bigint NOT NULL,
    payout               bigint NOT NULL,
    creditor_fee         bigint NOT NULL,
    paid_to_creditor     bigint NOT NULL,
    debtor_rate          numeric NOT NULL,
    creditor_rate        numeric NOT NULL,
    debtor_sheet         text NOT NULL,
    creditor_sheet       text NOT NULL,
    valid_until          timestamptz NOT NULL,
    condition            jsonb,
    condition_met        boolean NOT NULL,
    collect_until        timestamptz,
    frozen               boolean NOT NULL,
    held_or_frozen_by    text,
    unanswered_since     timestamptz,
    ended_by             text NOT NULL,
    reason               text NOT NULL,
    refund_cause         text,
    refunded_to_debtor   bigint,
    returned_payout      bigint NOT NULL,
    returned_settlement  bigint NOT NULL,
    returned_instructed  bigint NOT NULL,
    recalls              jsonb NOT NULL,
    initiated_at         timestamptz NOT NULL,
    funded_at            timestamptz,
    dispatched_at        timestamptz,
    paid_at              timestamptz,
    paid_boundary        bigint,
    updated_at           timestamptz NOT NULL,
    first_position       bigint NOT NULL,
    last_position        bigint NOT NULL,
    boundary             bigint NOT NULL,
    PRIMARY KEY (corridor, uetr)
);
CREATE UNIQUE INDEX transfers_in_order ON projections.transfers (corridor, first_position);
CREATE INDEX transfers_by_state ON projections.transfers (corridor, state, first_position);

-- Every event that somebody decided, by the stream it belongs to: who, when, what, why, under which terms and rules.
CREATE TABLE projections.audit_trail (
    corridor    text COLLATE "C" NOT NULL,
    subject     uuid NOT NULL,
    position    bigint NOT NULL,
    boundary    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    actor       text NOT NULL,
    command     uuid NOT NULL,
    cause       text NOT NULL,
    terms       integer NOT NULL,
    rules       jsonb NOT NULL,
    facts       jsonb NOT NULL,
    PRIMARY KEY (corridor, subject, position)
);

-- Settlement cycles: `positions`, `pay_ins` and `pay_outs` map participants to minor units of `currency`.
CREATE TABLE projections.cycles (
    corridor       text COLLATE "C" NOT NULL,
    number         integer NOT NULL,
    stream         uuid NOT NULL,
    state          text NOT NULL,
    currency       text NOT NULL,
    from_boundary  bigint NOT NULL,
    to_boundary    bigint NOT NULL,
    positions      jsonb NOT NULL,
    pay_ins        jsonb NOT NULL,
    pay_outs       jsonb NOT NULL,
    closed_at      timestamptz NOT NULL,
    settled_at     timestamptz,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    PRIMARY KEY (corridor, number),
    UNIQUE (corridor, stream)
);

-- What the settlement bank confirmed of a cycle.
CREATE TABLE projections.cycle_payments (
    corridor       text COLLATE "C" NOT NULL,
    cycle          integer NOT NULL,
    direction      text NOT NULL,
    participant    text NOT NULL,
    currency       text NOT NULL,
    amount         bigint NOT NULL,
    bank_reference text NOT NULL,
    confirmed_at   timestamptz NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (corridor, cycle, direction, participant)
);

-- Money a bank reported under its own reference.
CREATE TABLE projections.movements (
    corridor       text COLLATE "C" NOT NULL,
    reference      text COLLATE "C" NOT NULL,
    stream         uuid NOT NULL,
    kind           text NOT NULL,
    participant    text NOT NULL,
    currency       text NOT NULL,
    amount         bigint NOT NULL,
    state          text NOT NULL,
    bank_reference text,
    reported_at    timestamptz NOT NULL,
    paid_at        timestamptz,
    position       bigint NOT NULL,
    PRIMARY KEY (corridor, reference),
    UNIQUE (corridor, stream)
);
CREATE INDEX movements_in_order ON projections.movements (corridor, position);

-- Differences between statements and the ledger. `difference` is what the statement has more, debit positive on `account`.
CREATE TABLE projections.breaks (
    corridor      text COLLATE "C" NOT NULL,
    break_id      text COLLATE "C" NOT NULL,
    stream        uuid NOT NULL,
    break_class   text NOT NULL,
    account       text NOT NULL,
    currency      text NOT NULL,
    difference    bigint NOT NULL,
    state         text NOT NULL,
    statement     text NOT NULL,
    reference     text NOT NULL,
    business_date date NOT NULL,
    proposal      text,
    proposed_by   text,
    parked_by     jsonb,
    resolved_by   jsonb,
    to_account    text,
    explanation   text,
    found_at      timestamptz NOT NULL,
    parked_at     timestamptz,
    resolved_at   timestamptz,
    position      bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (corridor, break_id),
    UNIQUE (corridor, stream)
);
CREATE INDEX breaks_open ON projections.breaks (corridor, position) WHERE resolved_at IS NULL;
CREATE INDEX breaks_by_reference ON projections.breaks (corridor, reference);

-- Compliance cases: `opinions` maps officers to what they said last.
CREATE TABLE projections.cases (
    corridor      text COLLATE "C" NOT NULL,
    "case"        text COLLATE "C" NOT NULL,
    stream        uuid NOT NULL,
    kind          text NOT NULL,
    uetr          uuid NOT NULL,
    opinions      jsonb NOT NULL,
    outcome       text,
    officers      jsonb,
    opened_at     timestamptz NOT NULL,
    decided_at    timestamptz,
    position      bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (corridor, "case"),
    UNIQUE (corridor, stream)
);
CREATE INDEX cases_by_transfer ON projections.cases (corridor, uetr);
CREATE INDEX cases_open ON projections.cases (corridor, position) WHERE outcome IS NULL;

-- Published rates: `rates` maps a currency to the price of one unit of it in the base currency, as a decimal string.
CREATE TABLE projections.rate_sheets (
    corridor      text COLLATE "C" NOT NULL,
    participant   text COLLATE "C" NOT NULL,
    sheet         text COLLATE "C" NOT NULL,
    base_currency text NOT NULL,
    rates         jsonb NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_until   timestamptz NOT NULL,
    source        text NOT NULL,
    published_at  timestamptz NOT NULL,
    position      bigint NOT NULL,
    PRIMARY KEY (corridor, participant, sheet)
);

-- What each participant is to act upon as creditor agent, in log order.
CREATE TABLE projections.feed (
    corridor    text COLLATE "C" NOT NULL,
    participant text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    boundary    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind        text NOT NULL,
    uetr        uuid NOT NULL,
    PRIMARY KEY (corridor, participant, position)
);

ALTER TABLE projections.balances OWNER TO corridor_app;
ALTER TABLE projections.balance_history OWNER TO corridor_app;
ALTER TABLE projections.alerts OWNER TO corridor_app;
ALTER TABLE projections.journal_lines OWNER TO corridor_app;
ALTER TABLE projections.transfers OWNER TO corridor_app;
ALTER TABLE projections.audit_trail OWNER TO corridor_app;
ALTER TABLE projections.cycles OWNER TO corridor_app;
ALTER TABLE projections.cycle_payments OWNER TO corridor_app;
ALTER TABLE projections.movements OWNER TO corridor_app;
ALTER TABLE projections.breaks OWNER TO corridor_app;
ALTER TABLE projections.cases OWNER TO corridor_app;
ALTER TABLE projections.rate_sheets OWNER TO corridor_app;
ALTER TABLE projections.feed OWNER TO corridor_app;
