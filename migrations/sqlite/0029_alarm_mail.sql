-- How far each address of the staff was told of alarms by email.
CREATE TABLE core_alarm_mail (
    address      TEXT   NOT NULL PRIMARY KEY,
    mailed_up_to BIGINT NOT NULL, -- the last alarm it was told of
    tries        BIGINT NOT NULL, -- attempts begun since then
    due_at       BIGINT NOT NULL, -- when the next may begin: the lease of whoever is at it
    mailed_at    BIGINT,
    failed_at    BIGINT,          -- of the last attempt, while it was not made good
    detail       TEXT             -- why it failed
);
