-- What became of the last messages to each contact. A contact is named by a digest: in clear it
-- stands in the tables only that need it for their own work.

CREATE TABLE core_contact_state (
    contact_name TEXT   NOT NULL PRIMARY KEY, -- a digest of channel and contact
    channel      TEXT   NOT NULL,
    customer_id  BIGINT NOT NULL, -- for whom the last message was
    arrived      TEXT,            -- how far the last message came that did not fail
    arrived_at   BIGINT,
    failure      TEXT,            -- what the last failure means
    failed_at    BIGINT,
    standing     TEXT   NOT NULL  -- good, bad, or unchanged where nothing is known
);
CREATE INDEX core_contact_state_customer ON core_contact_state (customer_id);
CREATE INDEX core_contact_state_bad ON core_contact_state (standing, failed_at, contact_name);

-- When a contact was verified at a sign-up, and over which channel. Another contact is not.
ALTER TABLE core_contact ADD COLUMN verified_at BIGINT;
ALTER TABLE core_contact ADD COLUMN verified_over TEXT;

-- The proof of the desk that approved_by approved the act.
ALTER TABLE core_approval ADD COLUMN approved_key_id TEXT;
ALTER TABLE core_approval ADD COLUMN approved_mac TEXT;
