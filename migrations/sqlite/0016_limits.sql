-- Limits by the beginning of a phone number and of one clerk's wrong codes, acts that take
-- a second admin, and the policies that held.

-- All but the last three digits of the number; none for email addresses.
ALTER TABLE core_delivery ADD COLUMN number_prefix TEXT;
UPDATE core_delivery SET number_prefix = substr(contact, 1, length(contact) - 3)
WHERE channel <> 'email' AND created_at > CAST(round(unixepoch('subsec') * 1000) AS INTEGER) - 86400000;
CREATE INDEX core_delivery_prefix ON core_delivery (number_prefix, created_at);
ALTER TABLE core_trial ADD COLUMN number_prefix TEXT;

-- Wrong codes of each clerk, in an hour from the first of them.
CREATE TABLE core_clerk_guard (
    clerk    TEXT   NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL, -- when the first of them was entered
    held     BIGINT NOT NULL DEFAULT 0 -- how often the row was locked; written on MySQL alone
);

-- Acts of admins that wait for a second one. `mac` is the desk's proof that it was asked.
CREATE TABLE core_approval (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT NOT NULL UNIQUE,
    idempotency TEXT NOT NULL,
    act         TEXT NOT NULL, -- unlock, confirm or purge
    customer_id BIGINT,
    target      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    call_json   TEXT NOT NULL,
    clerk       TEXT NOT NULL,
    counter     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    approved_by TEXT,
    approved_at BIGINT,
    key_id      TEXT NOT NULL,
    mac         TEXT NOT NULL
);
INSERT INTO core_lock (name) VALUES ('approval');

-- The policies that held. What holds is a row of core_setting.
CREATE TABLE core_policy (
    version    TEXT   NOT NULL PRIMARY KEY,
    policy     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
ALTER TABLE core_otp ADD COLUMN policy_version TEXT;
ALTER TABLE core_otp_archive ADD COLUMN policy_version TEXT;
ALTER TABLE core_session ADD COLUMN policy_version TEXT;
INSERT INTO core_lock (name) VALUES ('policy');
