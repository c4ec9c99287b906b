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
