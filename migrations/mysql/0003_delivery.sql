-- Messages that have to be handed over, settled or followed, and the providers
-- that do it. Like all scripts here it can be run again from the beginning.

-- How the message went, for figures.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery'
    AND column_name = 'delivered_at');
SET @change = IF(@missing, 'ALTER TABLE core_delivery
    ADD COLUMN fallback BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN accepted_at BIGINT, ADD COLUMN delivered_at BIGINT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
UPDATE core_delivery SET progress = 5 WHERE progress = 4;

-- What is still to be done for a message; done, the row goes. It is small and
-- stays so. sealed is the code in a form that only the key file opens, until
-- it is handed over.
CREATE TABLE IF NOT EXISTS core_outbox (
    delivery_id  BIGINT NOT NULL PRIMARY KEY,
    task         VARCHAR(20) NOT NULL, -- send, settle or follow
    sealed       VARCHAR(255),
    key_id       VARCHAR(64) NOT NULL,
    useful_until BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    holder       VARCHAR(64) NOT NULL, -- the terminal whose turn it is until then
    begun_at     BIGINT, -- when the hand-over began that is under way or that nobody reported
    tries        BIGINT NOT NULL,
    FOREIGN KEY (delivery_id) REFERENCES core_delivery (id) ON DELETE CASCADE,
    INDEX core_outbox_due (due_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How each provider does. The rows are all there can be.
CREATE TABLE IF NOT EXISTS core_line (
    name       VARCHAR(64) NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL, -- in a row
    down_until BIGINT NOT NULL,
    slow_until BIGINT NOT NULL,
    detail     TEXT
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_line (name, failures, down_until, slow_until) VALUES
    ('email', 0, 0, 0), ('email fallback', 0, 0, 0), ('sms', 0, 0, 0), ('sms fallback', 0, 0, 0),
    ('whatsapp', 0, 0, 0), ('whatsapp fallback', 0, 0, 0)
ON DUPLICATE KEY UPDATE core_line.name = core_line.name;
