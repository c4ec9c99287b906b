-- How the texts of some of an account's numbers are treated; one that is the default is given new numbers.
-- stop_words, start_words: own ones, one on each line; standard_words: whether the usual ones count too.
-- sender_fallback: another number of the profile sends where the chosen one cannot.
CREATE TABLE messaging_profiles (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    is_default BIGINT NOT NULL,
    standard_words BIGINT NOT NULL,
    stop_words TEXT NOT NULL,
    start_words TEXT NOT NULL,
    sender_fallback BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX messaging_profiles_default ON messaging_profiles (account_id) WHERE is_default = 1;

ALTER TABLE numbers ADD COLUMN profile_id BIGINT;
CREATE INDEX numbers_by_profile ON numbers (account_id, profile_id, id) WHERE profile_id IS NOT NULL;

-- profile_id: the number's, when the message was accepted or came in.
ALTER TABLE messages ADD COLUMN profile_id BIGINT;

-- A profile for each account that there is, and its numbers in it.
INSERT INTO messaging_profiles (account_id, id, name, is_default, standard_words, stop_words,
        start_words, sender_fallback, created_at)
    SELECT a.id, b.next + ROW_NUMBER() OVER (ORDER BY a.id) - 1, 'Default', 1, 1, '', '', 0, a.created_at
    FROM accounts a CROSS JOIN id_blocks b WHERE b.name = 'ids';
UPDATE id_blocks SET next = next + (SELECT COUNT(*) FROM messaging_profiles) WHERE name = 'ids';
UPDATE numbers SET profile_id = (SELECT p.id FROM messaging_profiles p WHERE p.account_id = numbers.account_id)
    WHERE account_id IS NOT NULL;
