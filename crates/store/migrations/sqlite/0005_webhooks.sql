-- Endpoints to which an account's events are pushed.
-- after_seq: events up to this one have become deliveries; since_seq: from here on none that
-- `events` names was left out. profile_id: of one messaging profile alone.
CREATE TABLE webhooks (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    profile_id BIGINT,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events TEXT NOT NULL,
    secret BLOB NOT NULL,
    old_secret BLOB,
    old_secret_until BIGINT,
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    disabled_reason TEXT,
    first_seq BIGINT NOT NULL,
    since_seq BIGINT NOT NULL,
    after_seq BIGINT NOT NULL,
    failing_since BIGINT,
    paused_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX webhooks_enabled ON webhooks (account_id, id) WHERE status = 'enabled' AND deleted_at IS NULL;

-- An event on its way to an endpoint. seq: null for a test. tries: since it was begun or resent;
-- attempts: ever. next_attempt_at: of one that is under way, when it is taken for lost.
CREATE TABLE webhook_deliveries (
    account_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    seq BIGINT,
    event TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    tries BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (account_id, webhook_id, id),
    CHECK ((next_attempt_at IS NULL) = (status <> 'pending'))
) WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (account_id, webhook_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (account_id, webhook_id, next_attempt_at) WHERE status = 'pending';

-- status_code: null where nothing answered. response: its first 2 KiB.
CREATE TABLE webhook_attempts (
    account_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status_code BIGINT,
    error TEXT,
    response TEXT,
    PRIMARY KEY (account_id, webhook_id, delivery_id, attempt)
) WITHOUT ROWID;

-- Accounts that were told that their balance is low, until it is not.
CREATE TABLE low_balances (
    account_id BIGINT NOT NULL PRIMARY KEY,
    told_at BIGINT NOT NULL
) WITHOUT ROWID;
