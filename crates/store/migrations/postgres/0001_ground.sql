-- Integers are BIGINT, money is in micro-units, times are microseconds UTC.
-- Every table but the inventory's small ones leads its key with account_id.

CREATE TABLE id_blocks (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE operators (
    id BIGINT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    rate_limit BIGINT NOT NULL CHECK (rate_limit BETWEEN 1 AND 1000000),
    created_at BIGINT NOT NULL
);

-- The row that every change of an account's money or events takes first.
-- tat: the rate limit's theoretical arrival time. event_seq: the last event's.
CREATE TABLE wallets (
    account_id BIGINT NOT NULL PRIMARY KEY,
    currency TEXT NOT NULL,
    available BIGINT NOT NULL CHECK (available >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    tat BIGINT NOT NULL,
    event_seq BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id BIGINT NOT NULL PRIMARY KEY,
    account_id BIGINT,
    operator_id BIGINT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    CHECK ((account_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX api_keys_by_account ON api_keys (account_id, id);

CREATE TABLE carriers (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);

CREATE TABLE routes (
    id BIGINT NOT NULL PRIMARY KEY,
    prefix TEXT NOT NULL,
    carrier_id BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    weight BIGINT NOT NULL CHECK (weight >= 0)
);

CREATE TABLE numbers (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    account_id BIGINT,
    sms_enabled BIGINT NOT NULL,
    carrier_id BIGINT,
    simulated BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX numbers_by_account ON numbers (account_id, id);

-- A message is its own job: queued rows are the queue.
CREATE TABLE messages (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'received')),
    number_id BIGINT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    encoding TEXT NOT NULL,
    segments BIGINT NOT NULL,
    price BIGINT NOT NULL,
    carrier_id BIGINT,
    simulated BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    refusals BIGINT NOT NULL,
    failure TEXT,
    detail TEXT,
    created_at BIGINT NOT NULL,
    sending_at BIGINT,
    sent_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX messages_by_number ON messages (account_id, number_id, direction, id);
CREATE INDEX messages_inbound ON messages (account_id, seq) WHERE direction = 'inbound';
CREATE INDEX messages_queue ON messages (carrier_id, not_before, id, valid_until) WHERE status = 'queued';

-- One row for each time a part was handed to a carrier, stored before its bytes leave.
-- copy: which copy this is on the wire, 1 or 2. match_id: the carrier's id, normalised.
CREATE TABLE attempts (
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    part BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    copy BIGINT NOT NULL,
    carrier_id BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitting', 'accepted', 'refused', 'retry', 'deferred', 'uncertain', 'expired')),
    carrier_message_id TEXT,
    match_id TEXT,
    submitted_at BIGINT NOT NULL,
    answered_at BIGINT,
    failure TEXT,
    error TEXT,
    receipt TEXT,
    receipt_at BIGINT,
    receipt_error TEXT,
    receipts BIGINT NOT NULL,
    PRIMARY KEY (account_id, message_id, part, attempt)
);
CREATE INDEX attempts_by_carrier_id ON attempts (carrier_id, match_id) WHERE match_id IS NOT NULL;
CREATE INDEX attempts_open ON attempts (carrier_id, submitted_at) WHERE state IN ('submitting', 'uncertain');
CREATE INDEX attempts_unnamed ON attempts (carrier_id, submitted_at) WHERE state = 'accepted' AND match_id IS NULL;

-- Each row is one transfer with both its sides; amount moves from debit to credit.
-- id and available_after: null where the customer's balance does not move.
CREATE TABLE transfers (
    account_id BIGINT NOT NULL,
    source_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id BIGINT,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    available_after BIGINT,
    note TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, source_id, kind),
    CHECK (debit <> credit)
);
CREATE UNIQUE INDEX transfers_listed ON transfers (account_id, id) WHERE id IS NOT NULL;

CREATE TABLE events (
    account_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    message_id BIGINT,
    status TEXT,
    data TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq)
);

-- outcome: null for a single send, whose message_id tells all; else the sealed first answer.
CREATE TABLE idempotency (
    account_id BIGINT NOT NULL,
    key_hash BYTEA NOT NULL,
    request_hash BYTEA NOT NULL,
    message_id BIGINT,
    outcome BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE daily_counts (
    account_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    outbound BIGINT NOT NULL,
    inbound BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (account_id, number_id, day)
);

-- What a carrier handed over, by content: a redelivery after a lost answer is recognised here.
CREATE TABLE inbound_seen (
    carrier_id BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    session BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (carrier_id, digest)
);
CREATE INDEX inbound_seen_by_age ON inbound_seen (received_at);

CREATE TABLE inbound_parts (
    carrier_id BIGINT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reference BIGINT NOT NULL,
    total BIGINT NOT NULL,
    part BIGINT NOT NULL,
    body TEXT NOT NULL,
    encoding TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (carrier_id, sender, recipient, reference, total, part)
);

-- Inbound texts for a number that no account holds.
CREATE TABLE inbound_unassigned (
    id BIGINT NOT NULL PRIMARY KEY,
    carrier_id BIGINT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL
);

-- Receipts that match nothing yet; matched again when answers are stored, kept 72 h.
CREATE TABLE orphan_receipts (
    id BIGINT NOT NULL PRIMARY KEY,
    carrier_id BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    matched_at BIGINT,
    received_at BIGINT NOT NULL
);
CREATE INDEX orphan_receipts_waiting ON orphan_receipts (carrier_id, id) WHERE matched_at IS NULL;
