-- What is counted of a day's messages, by the other party's country ('' where it is not known) and by
-- carrier (0 where there is none). segments: of outbound messages. spent: what was posted, in the
-- account's currency. cost: what carriers take for it, in the platform's; uncosted_segments: those of
-- which that is not known. Filled from the messages by the program, which knows the countries.
DROP TABLE daily_counts;
CREATE TABLE daily_counts (
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    number_id BIGINT NOT NULL,
    country TEXT NOT NULL,
    carrier_id BIGINT NOT NULL,
    outbound BIGINT NOT NULL,
    inbound BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    segments BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    uncosted_segments BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, number_id, country, carrier_id)
);

-- What a carrier takes of a segment; cost: null where the next shorter prefix counts again.
CREATE TABLE carrier_costs (
    carrier_id BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    cost BIGINT CHECK (cost >= 0),
    PRIMARY KEY (carrier_id, prefix, effective_from)
);
