-- Prices in each currency that accounts pay in; what was set before is in the platform's. month: null
-- where such numbers are not sold from then on.
CREATE TABLE new_number_prices (
    currency TEXT NOT NULL,
    country TEXT NOT NULL,
    type TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    setup BIGINT NOT NULL CHECK (setup >= 0),
    month BIGINT CHECK (month >= 0),
    sms BIGINT CHECK (sms >= 0),
    activation TEXT NOT NULL CHECK (activation IN ('instant', 'provisioning', 'verification')),
    PRIMARY KEY (currency, country, type, effective_from)
) WITHOUT ROWID;
INSERT INTO new_number_prices (currency, country, type, effective_from, setup, month, sms, activation)
    SELECT 'EUR', country, type, effective_from, setup, month, sms, activation FROM number_prices;
DROP TABLE number_prices;
ALTER TABLE new_number_prices RENAME TO number_prices;

CREATE TABLE new_outbound_prices (
    currency TEXT NOT NULL,
    prefix TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    price BIGINT CHECK (price >= 0),
    PRIMARY KEY (currency, prefix, effective_from)
) WITHOUT ROWID;
INSERT INTO new_outbound_prices (currency, prefix, effective_from, price)
    SELECT 'EUR', prefix, effective_from, price FROM outbound_prices;
DROP TABLE outbound_prices;
ALTER TABLE new_outbound_prices RENAME TO outbound_prices;
