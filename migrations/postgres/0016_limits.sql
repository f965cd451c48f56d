-- Limits by the beginning of a phone number, and of one clerk's wrong codes.

-- All but the last three digits of the number; none for email addresses.
ALTER TABLE core_delivery ADD COLUMN number_prefix TEXT;
UPDATE core_delivery SET number_prefix = substr(contact, 1, length(contact) - 3)
WHERE channel <> 'email' AND created_at > CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) - 86400000;
CREATE INDEX core_delivery_prefix ON core_delivery (number_prefix, created_at);
ALTER TABLE core_trial ADD COLUMN number_prefix TEXT;

-- Wrong codes of each clerk, in an hour from the first of them.
CREATE TABLE core_clerk_guard (
    clerk    TEXT   NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL, -- when the first of them was entered
    held     BIGINT NOT NULL DEFAULT 0 -- how often the row was locked; written on MySQL alone
);
