-- What people chose for themselves. theme: system, light or dark.
ALTER TABLE accounts ADD COLUMN verified_at BIGINT;
ALTER TABLE accounts ADD COLUMN language TEXT;
ALTER TABLE accounts ADD COLUMN theme TEXT NOT NULL DEFAULT 'system';
ALTER TABLE accounts ADD COLUMN time_zone TEXT;

ALTER TABLE operators ADD COLUMN name TEXT;
ALTER TABLE operators ADD COLUMN verified_at BIGINT;
ALTER TABLE operators ADD COLUMN language TEXT;
ALTER TABLE operators ADD COLUMN theme TEXT NOT NULL DEFAULT 'system';
ALTER TABLE operators ADD COLUMN time_zone TEXT;

-- Signed-in browsers. Only the SHA-256 of a cookie is kept.
CREATE TABLE sessions (
    id BIGINT NOT NULL PRIMARY KEY,
    account_id BIGINT,
    operator_id BIGINT,
    token_hash BLOB NOT NULL UNIQUE,
    user_agent TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    CHECK ((account_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX sessions_by_account ON sessions (account_id, id);
CREATE INDEX sessions_by_operator ON sessions (operator_id, id);
CREATE INDEX sessions_by_use ON sessions (last_used_at);

-- Links that were sent by e-mail, each good for one use. Only the SHA-256 of a token is kept.
CREATE TABLE mail_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    account_id BIGINT,
    operator_id BIGINT,
    purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'reset')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    CHECK ((account_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX mail_tokens_by_account ON mail_tokens (account_id, created_at);
CREATE INDEX mail_tokens_by_operator ON mail_tokens (operator_id, created_at);
CREATE INDEX mail_tokens_by_age ON mail_tokens (created_at);
