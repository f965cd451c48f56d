-- Alarms: what the stats say that somebody should look at.

CREATE TABLE core_alarm (
    id              INTEGER PRIMARY KEY,
    kind            TEXT   NOT NULL,
    subject         TEXT   NOT NULL, -- a clerk, a provider, a prefix or a request
    request         TEXT,
    detail          TEXT   NOT NULL,
    raised_at       BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    reason          TEXT
);
CREATE INDEX core_alarm_subject ON core_alarm (kind, subject);
CREATE INDEX core_alarm_open ON core_alarm (acknowledged_at, id);

-- Messages to each block of a thousand phone numbers, by the hour, for a fortnight.
CREATE TABLE core_stats_prefix (
    hour     BIGINT NOT NULL, -- hours since the Unix epoch
    prefix   TEXT   NOT NULL, -- the numbers without their last three digits
    sent     BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    PRIMARY KEY (hour, prefix)
);
CREATE INDEX core_stats_prefix_prefix ON core_stats_prefix (prefix, hour);

-- Up to which entry, and when, alarms were last looked for.
ALTER TABLE core_stats_state ADD COLUMN looked_up_to BIGINT NOT NULL DEFAULT 0;
ALTER TABLE core_stats_state ADD COLUMN looked_at BIGINT NOT NULL DEFAULT 0;

-- The entries of one of the staff.
CREATE INDEX core_event_clerk ON core_event (clerk);
