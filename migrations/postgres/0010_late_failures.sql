-- Whether a provider failed last with a message that it had accepted before: that it accepts
-- another one proves nothing then.

ALTER TABLE core_line ADD COLUMN late BIGINT NOT NULL DEFAULT 0; -- a flag
