-- What programs asked for. body: JSON with its texts and numbers masked, of the request.
CREATE TABLE request_log (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT,
    status BIGINT NOT NULL,
    error_code TEXT,
    request_id TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX request_log_by_age ON request_log (at);
