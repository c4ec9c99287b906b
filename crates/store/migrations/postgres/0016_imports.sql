-- What the provider told of refunds. made_at, failed_at: by its clock, which counts in seconds.
-- reversal_id: ours, where it was asked for here.
CREATE TABLE told_refunds (
    provider_ref TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    topup_id BIGINT NOT NULL,
    reversal_id BIGINT,
    gross BIGINT NOT NULL CHECK (gross >= 0),
    made_at BIGINT NOT NULL,
    failed_at BIGINT
);
CREATE INDEX told_refunds_by_topup ON told_refunds (account_id, topup_id);

-- What was paid back of a payment in all, as of told_at.
CREATE TABLE told_refund_sums (
    account_id BIGINT NOT NULL,
    topup_id BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    gross BIGINT NOT NULL CHECK (gross >= 0),
    PRIMARY KEY (account_id, topup_id, told_at, gross)
);
INSERT INTO told_refund_sums (account_id, topup_id, told_at, gross)
    SELECT account_id, id, CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) * 1000000, refunded_gross
    FROM topups WHERE provider = 'stripe' AND refunded_gross > 0;

-- Payments that a card was charged for and of which nothing was heard are asked for again.
UPDATE topups SET next_try_at = 0
    WHERE provider = 'stripe' AND cause = 'auto' AND paid_at IS NULL AND failed_at IS NULL
        AND next_try_at IS NULL;
-- One that failed otherwise than by a refusal is not under way any more.
UPDATE auto_recharges SET topup_id = NULL, paused_at = (SELECT t.failed_at FROM topups t
        WHERE t.account_id = auto_recharges.account_id AND t.id = auto_recharges.topup_id),
    paused_reason = (SELECT t.failure FROM topups t
        WHERE t.account_id = auto_recharges.account_id AND t.id = auto_recharges.topup_id)
    WHERE EXISTS (SELECT 1 FROM topups t WHERE t.account_id = auto_recharges.account_id
        AND t.id = auto_recharges.topup_id AND t.failed_at IS NOT NULL);

-- Files of operators. rows_total: of the file, once it was checked. rows_stored: of those, what is in
-- the inventory, known or not. first_id: of the number in the first row. errors: JSON.
-- claimed_until: a node that works on it says so again before then.
CREATE TABLE imports (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('numbers', 'number_prices', 'outbound_prices')),
    state TEXT NOT NULL CHECK (state IN ('checking', 'storing', 'done', 'failed')),
    octets BIGINT NOT NULL,
    rows_total BIGINT,
    rows_stored BIGINT NOT NULL,
    rows_changed BIGINT NOT NULL,
    first_id BIGINT,
    errors TEXT,
    claimed_until BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX imports_under_way ON imports (claimed_until) WHERE claimed_until IS NOT NULL;

-- The file of an import that is under way, in parts.
CREATE TABLE import_parts (
    import_id BIGINT NOT NULL,
    part BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (import_id, part)
);

-- Numbers of imports that are under way: nobody sees them before the last is there.
CREATE TABLE hidden_numbers (
    import_id BIGINT NOT NULL PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL
);

-- What is looked for among very many messages: payments, months, credits.
CREATE INDEX transfers_rare ON transfers (account_id, id)
    WHERE id IS NOT NULL AND kind NOT IN ('reserve', 'void');
