-- Who answered STOP to a number, until they answer START.
CREATE TABLE opt_outs (
    account_id BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, number_id, recipient)
) WITHOUT ROWID;
