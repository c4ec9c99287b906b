-- What is added to a top-up, in hundredths of a percent.
ALTER TABLE accounts ADD COLUMN vat_rate_bp BIGINT NOT NULL DEFAULT 0
    CHECK (vat_rate_bp BETWEEN 0 AND 10000);

-- owed: what was taken back of payments after it had been spent. spend_cap: on messages on a day in
-- UTC; null: none. spent: on messages on spent_day, counted from 1970. low_balance_below: null: not set.
ALTER TABLE wallets ADD COLUMN owed BIGINT NOT NULL DEFAULT 0 CHECK (owed >= 0);
ALTER TABLE wallets ADD COLUMN spend_cap BIGINT CHECK (spend_cap >= 0);
ALTER TABLE wallets ADD COLUMN spent_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE wallets ADD COLUMN spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0);
ALTER TABLE wallets ADD COLUMN low_balance_below BIGINT CHECK (low_balance_below >= 0);
CREATE INDEX wallets_owing ON wallets (account_id) WHERE owed > 0;
CREATE INDEX wallets_low_balance ON wallets (account_id) WHERE low_balance_below IS NOT NULL;

UPDATE wallets SET spent_day = COALESCE((SELECT MAX(t.created_at) / 86400000000 FROM transfers t
    WHERE t.account_id = wallets.account_id AND t.kind = 'reserve'), 0);
UPDATE wallets SET spent = COALESCE((SELECT SUM(t.amount) FROM transfers t
    WHERE t.account_id = wallets.account_id AND t.kind = 'reserve'
        AND t.created_at >= wallets.spent_day * 86400000000), 0);

-- amount: what the wallet is credited, net of VAT; gross_amount: what is paid.
-- token_hash: of the secret in the address where a demo's is paid. session_ref, payment_ref: what the
-- provider calls the checkout and the payment. refunded_gross: what it says that it paid back.
-- next_try_at: when a saved card is charged, or charged again.
CREATE TABLE new_topups (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('demo', 'stripe')),
    cause TEXT NOT NULL CHECK (cause IN ('checkout', 'auto')),
    token_hash BLOB NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    vat_rate_bp BIGINT NOT NULL CHECK (vat_rate_bp BETWEEN 0 AND 10000),
    vat_amount BIGINT NOT NULL CHECK (vat_amount >= 0),
    gross_amount BIGINT NOT NULL,
    save_card BIGINT NOT NULL,
    session_ref TEXT,
    payment_ref TEXT,
    refunded_gross BIGINT NOT NULL CHECK (refunded_gross >= 0),
    next_try_at BIGINT,
    created_at BIGINT NOT NULL,
    paid_at BIGINT,
    failed_at BIGINT,
    failure TEXT,
    PRIMARY KEY (account_id, id),
    CHECK (gross_amount = amount + vat_amount),
    CHECK (paid_at IS NULL OR failed_at IS NULL)
) WITHOUT ROWID;
INSERT INTO new_topups (account_id, id, provider, cause, token_hash, currency, amount, vat_rate_bp,
        vat_amount, gross_amount, save_card, refunded_gross, created_at, paid_at)
    SELECT account_id, id, provider, 'checkout', token_hash, currency, amount, 0, 0, amount, 0, 0,
        created_at, paid_at FROM topups;
DROP TABLE topups;
ALTER TABLE new_topups RENAME TO topups;
CREATE UNIQUE INDEX topups_by_id ON topups (id);
CREATE UNIQUE INDEX topups_by_payment ON topups (payment_ref) WHERE payment_ref IS NOT NULL;
CREATE INDEX topups_to_charge ON topups (next_try_at) WHERE next_try_at IS NOT NULL;

-- What was taken back of a top-up, by us or by the payer's bank. gross, amount: as of the top-up.
-- pending: a refund that the provider has not confirmed. undone: the wallet has it again.
CREATE TABLE topup_reversals (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    topup_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'undone')),
    provider_ref TEXT,
    gross BIGINT NOT NULL CHECK (gross >= 0),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    next_try_at BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX topup_reversals_by_topup ON topup_reversals (account_id, topup_id, id);
CREATE UNIQUE INDEX topup_reversals_by_ref ON topup_reversals (provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX topup_reversals_to_try ON topup_reversals (next_try_at) WHERE next_try_at IS NOT NULL;

-- What the provider told, each once. body: kept while its payment is not known here yet.
CREATE TABLE payment_events (
    id TEXT NOT NULL PRIMARY KEY,
    payment_ref TEXT,
    body TEXT,
    received_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX payment_events_waiting ON payment_events (payment_ref) WHERE body IS NOT NULL;
CREATE INDEX payment_events_by_age ON payment_events (received_at);

-- The card that is charged while its holder is away. Its number is the provider's alone to know.
CREATE TABLE saved_cards (
    account_id BIGINT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('demo', 'stripe')),
    customer_ref TEXT NOT NULL,
    method_ref TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL,
    exp_month BIGINT NOT NULL,
    exp_year BIGINT NOT NULL,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;

-- daily_limit: of net amounts on a day in UTC; charged: on day. topup_id: the one under way.
CREATE TABLE auto_recharges (
    account_id BIGINT NOT NULL PRIMARY KEY,
    enabled BIGINT NOT NULL,
    below BIGINT NOT NULL CHECK (below >= 0),
    amount BIGINT NOT NULL CHECK (amount > 0),
    daily_limit BIGINT NOT NULL CHECK (daily_limit >= amount),
    day BIGINT NOT NULL,
    charged BIGINT NOT NULL CHECK (charged >= 0),
    topup_id BIGINT,
    paused_at BIGINT,
    paused_reason TEXT
) WITHOUT ROWID;
CREATE INDEX auto_recharges_ready ON auto_recharges (account_id)
    WHERE enabled = 1 AND paused_at IS NULL AND topup_id IS NULL;
