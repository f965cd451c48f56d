-- Codes are bound to all that a row says of them, sessions carry a proof, messages name the
-- provider that they are meant for, and a store can be marked as one of real customers.

-- The version of the binding. Codes of the first one end by themselves.
ALTER TABLE core_otp ADD COLUMN binding BIGINT NOT NULL DEFAULT 1;
ALTER TABLE core_otp_retired ADD COLUMN binding BIGINT NOT NULL DEFAULT 1;
ALTER TABLE core_otp_retired ADD COLUMN channel TEXT;
ALTER TABLE core_otp_retired ADD COLUMN contact TEXT;

-- The desk's proof that it opened the session; it goes when the session ends.
ALTER TABLE core_session ADD COLUMN key_id TEXT;
ALTER TABLE core_session ADD COLUMN mac TEXT;

-- Kind, host and account of the provider; messages from before have its name alone.
ALTER TABLE core_delivery ADD COLUMN fingerprint TEXT;

-- One row, once the owner has said that the customers are real.
CREATE TABLE core_production (
    id        BIGINT NOT NULL PRIMARY KEY,
    marked_at BIGINT NOT NULL,
    marked_by TEXT   NOT NULL
);
