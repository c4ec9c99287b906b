-- test: what such a key sends is simulated, free, and not counted.
ALTER TABLE api_keys ADD COLUMN test BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN test BIGINT NOT NULL DEFAULT 0;
