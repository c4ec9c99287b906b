-- What a wallet paid for. A month runs from its anchor's day of the month;
-- id is also the source of the transfer that paid it.
CREATE TABLE number_months (
    account_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    service TEXT NOT NULL CHECK (service IN ('number', 'sms')),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    anchor BIGINT NOT NULL,
    id BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (account_id, number_id, service, starts_at),
    CHECK (starts_at < ends_at)
) WITHOUT ROWID;
CREATE UNIQUE INDEX number_months_by_id ON number_months (account_id, id);

CREATE TABLE orders (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('completed')),
    currency TEXT NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

-- sms_price: null where SMS was not ordered.
CREATE TABLE order_items (
    account_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    type TEXT NOT NULL,
    number_price BIGINT NOT NULL,
    sms_price BIGINT,
    PRIMARY KEY (account_id, order_id, number_id)
) WITHOUT ROWID;

-- token_hash: of the secret in the address where it is paid.
CREATE TABLE topups (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('demo')),
    token_hash BLOB NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    created_at BIGINT NOT NULL,
    paid_at BIGINT,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

CREATE INDEX numbers_available ON numbers (country, type, id) WHERE status = 'available';
