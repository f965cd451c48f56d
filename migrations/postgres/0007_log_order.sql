-- The log is read in the order of its numbers: the indexes of what many entries have
-- in common give that order too, so that the newest entries of a channel that was used
-- long ago are found without reading all that came since. SQLite's and MySQL's indexes
-- end in the row's key anyway.

DROP INDEX core_event_outcome;
DROP INDEX core_event_channel;
DROP INDEX core_event_outcome_channel;
CREATE INDEX core_event_outcome ON core_event (outcome, id);
CREATE INDEX core_event_channel ON core_event (channel, id);
CREATE INDEX core_event_outcome_channel ON core_event (outcome, channel, id);
