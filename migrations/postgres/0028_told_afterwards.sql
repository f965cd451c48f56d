-- What a contact is told of a verification: what it was for, and the word in its message.
ALTER TABLE core_notice ADD COLUMN purpose TEXT;
ALTER TABLE core_notice ADD COLUMN reference TEXT;

-- Whether the record had no contact of the other kind when this one was first used: one that is
-- there later was added. None where nobody looked.
ALTER TABLE core_contact ADD COLUMN alone BIGINT;

-- What the customer's contacts were told of last, as a digest, and when: the same is not told
-- again within a short time.
ALTER TABLE core_guard ADD COLUMN told_of TEXT;
ALTER TABLE core_guard ADD COLUMN told_at BIGINT;
