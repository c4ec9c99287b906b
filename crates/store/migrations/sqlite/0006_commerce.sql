-- What renews by the month: a number, or SMS on it. paid_until: the end of the last paid month.
-- state: paid; grace (owed, still on); lapsed (owed, off). owed: the price of the unpaid month.
-- due_at: when there is something to do next.
CREATE TABLE renewals (
    account_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    service TEXT NOT NULL CHECK (service IN ('number', 'sms')),
    anchor BIGINT NOT NULL,
    paid_until BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('paid', 'grace', 'lapsed')),
    renews BIGINT NOT NULL,
    owed BIGINT NOT NULL CHECK (owed >= 0),
    due_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, number_id, service)
) WITHOUT ROWID;
CREATE INDEX renewals_due ON renewals (due_at);
CREATE INDEX renewals_owed ON renewals (account_id, owed) WHERE state <> 'paid';

INSERT INTO renewals (account_id, number_id, service, anchor, paid_until, state, renews, owed, due_at)
    SELECT m.account_id, m.number_id, m.service, m.anchor, m.ends_at, 'paid',
        CASE WHEN m.service = 'number' OR n.sms_enabled = 1 THEN 1 ELSE 0 END, 0, m.ends_at
    FROM number_months m
    JOIN numbers n ON n.id = m.number_id AND n.account_id = m.account_id
    WHERE m.ends_at = (SELECT MAX(l.ends_at) FROM number_months l WHERE l.account_id = m.account_id
        AND l.number_id = m.number_id AND l.service = m.service);

-- One row: when renewals were last looked at, and since when they stand still, the clock having jumped.
CREATE TABLE billing_clock (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seen_at BIGINT NOT NULL,
    halted_at BIGINT
) WITHOUT ROWID;

-- In a checkout: until then nobody else can reserve or buy it.
ALTER TABLE numbers ADD COLUMN reserved_by BIGINT;
ALTER TABLE numbers ADD COLUMN reserved_until BIGINT;
CREATE INDEX numbers_reserved ON numbers (reserved_by) WHERE reserved_by IS NOT NULL;

-- What operators set; where there is nothing, the catalogue's defaults count. sms: null where such
-- numbers have none. activation: what happens to an ordered number.
CREATE TABLE number_prices (
    country TEXT NOT NULL,
    type TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    setup BIGINT NOT NULL CHECK (setup >= 0),
    month BIGINT NOT NULL CHECK (month >= 0),
    sms BIGINT CHECK (sms >= 0),
    activation TEXT NOT NULL CHECK (activation IN ('instant', 'provisioning', 'verification')),
    PRIMARY KEY (country, type, effective_from)
) WITHOUT ROWID;

-- Of a segment; price: null where the next shorter prefix counts again.
CREATE TABLE outbound_prices (
    prefix TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    price BIGINT CHECK (price >= 0),
    PRIMARY KEY (prefix, effective_from)
) WITHOUT ROWID;

-- One row, which every change of prices takes.
CREATE TABLE price_version (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
) WITHOUT ROWID;

-- setup_price: of setting the number up, once.
ALTER TABLE order_items ADD COLUMN setup_price BIGINT NOT NULL DEFAULT 0;

-- Of a number that was refused: its months are as if they had never been.
ALTER TABLE number_months ADD COLUMN refunded_at BIGINT;

-- What a country requires for a number.
CREATE TABLE number_documents (
    id BIGINT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX number_documents_by_number ON number_documents (account_id, number_id, id);
CREATE INDEX numbers_waiting ON numbers (status, id) WHERE status IN ('provisioning', 'pending_verification');
