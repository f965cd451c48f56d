-- Messages that have to be handed over, settled or followed, and the providers
-- that do it.

-- How the message went, for figures.
ALTER TABLE core_delivery ADD COLUMN fallback BIGINT NOT NULL DEFAULT 0; -- by the one that stands in
ALTER TABLE core_delivery ADD COLUMN accepted_at BIGINT;
ALTER TABLE core_delivery ADD COLUMN delivered_at BIGINT;
UPDATE core_delivery SET progress = 5 WHERE progress = 4;

-- What is still to be done for a message; done, the row goes. It is small and
-- stays so. sealed is the code in a form that only the key file opens, until
-- it is handed over.
CREATE TABLE core_outbox (
    delivery_id  BIGINT NOT NULL PRIMARY KEY REFERENCES core_delivery (id) ON DELETE CASCADE,
    task         TEXT   NOT NULL, -- send, settle or follow
    sealed       TEXT,
    key_id       TEXT   NOT NULL,
    useful_until BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    holder       TEXT   NOT NULL, -- the terminal whose turn it is until then
    begun_at     BIGINT, -- when the hand-over began that is under way or that nobody reported
    tries        BIGINT NOT NULL
);
CREATE INDEX core_outbox_due ON core_outbox (due_at);

-- How each provider does. The rows are all there can be.
CREATE TABLE core_line (
    name       TEXT   NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL, -- in a row
    down_until BIGINT NOT NULL,
    slow_until BIGINT NOT NULL,
    detail     TEXT
);
INSERT INTO core_line (name, failures, down_until, slow_until) VALUES
    ('email', 0, 0, 0), ('email fallback', 0, 0, 0), ('sms', 0, 0, 0), ('sms fallback', 0, 0, 0),
    ('whatsapp', 0, 0, 0), ('whatsapp fallback', 0, 0, 0);
