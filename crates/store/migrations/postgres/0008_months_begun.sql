-- begun: 0 while the number that was paid for waits to become active; its month begins then.
ALTER TABLE number_months ADD COLUMN begun BIGINT NOT NULL DEFAULT 1;
UPDATE number_months SET begun = 0 WHERE refunded_at IS NULL AND EXISTS (
    SELECT 1 FROM numbers n WHERE n.id = number_months.number_id
        AND n.account_id = number_months.account_id
        AND n.status IN ('provisioning', 'pending_verification'));
