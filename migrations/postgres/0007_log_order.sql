-- The log is read in the order of its numbers: each index gives that order too, so
-- that the newest entries of a channel that was used long ago are found without
-- reading all that came since. SQLite's and MySQL's indexes end in the row's key anyway.

DROP INDEX core_event_request;
DROP INDEX core_event_customer;
DROP INDEX core_event_outcome;
DROP INDEX core_event_channel;
DROP INDEX core_event_outcome_channel;
CREATE INDEX core_event_request ON core_event (request, id);
CREATE INDEX core_event_customer ON core_event (customer_id, id);
CREATE INDEX core_event_outcome ON core_event (outcome, id);
CREATE INDEX core_event_channel ON core_event (channel, id);
CREATE INDEX core_event_outcome_channel ON core_event (outcome, channel, id);
