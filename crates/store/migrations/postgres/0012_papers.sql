-- How many papers of a series a UTC year has: the row that whoever issues one takes.
CREATE TABLE paper_series (
    kind TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (kind, year)
);

-- What was issued, and never changes. body: JSON, all that the paper says, the seller's details with it.
-- total: a receipt's gross, a statement's closing balance.
CREATE TABLE papers (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'statement')),
    year BIGINT NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    topup_id BIGINT,
    period_start BIGINT,
    period_end BIGINT,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL,
    body TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK ((kind = 'receipt') = (topup_id IS NOT NULL)),
    CHECK ((kind = 'statement') = (period_start IS NOT NULL AND period_end IS NOT NULL))
);
CREATE UNIQUE INDEX papers_by_number ON papers (kind, year, number);
CREATE UNIQUE INDEX papers_by_topup ON papers (topup_id) WHERE topup_id IS NOT NULL;
CREATE UNIQUE INDEX papers_by_period ON papers (account_id, period_start) WHERE period_start IS NOT NULL;
CREATE UNIQUE INDEX papers_by_id ON papers (id);
