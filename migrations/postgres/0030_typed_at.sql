-- When a pad last said how many digits are typed: it may not say so all the time.
ALTER TABLE core_pad ADD COLUMN typed_at BIGINT NOT NULL DEFAULT 0;
