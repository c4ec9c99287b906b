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
) WITHOUT ROWID;
CREATE INDEX told_refunds_by_topup ON told_refunds (account_id, topup_id);

-- What was paid back of a payment in all, as of told_at.
CREATE TABLE told_refund_sums (
    account_id BIGINT NOT NULL,
    topup_id BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    gross BIGINT NOT NULL CHECK (gross >= 0),
    PRIMARY KEY (account_id, topup_id, told_at, gross)
) WITHOUT ROWID;
INSERT INTO told_refund_sums (account_id, topup_id, told_at, gross)
    SELECT account_id, id, CAST(strftime('%s', 'now') AS INTEGER) * 1000000, refunded_gross
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
