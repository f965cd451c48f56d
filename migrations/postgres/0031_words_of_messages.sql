-- How often the customer's contacts were told of verifications since when: more is not told within
-- an hour, so that nobody floods them.
ALTER TABLE core_guard ADD COLUMN told_since BIGINT;
ALTER TABLE core_guard ADD COLUMN told_times BIGINT;

-- The word of each message: a request whose code was sent again has several.
ALTER TABLE core_delivery ADD COLUMN reference TEXT;
