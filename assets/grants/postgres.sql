-- Who may do what in a store on PostgreSQL. An administrator runs it in the
-- store's database, once `countersign migrate` has made the tables, and again
-- after each later migrate:
--
--     psql -d countersign -f postgres.sql
--
-- The owner is whoever owns the database: that account migrates, imports
-- customers and maintains. Each counter's account is then given its role:
--
--     CREATE ROLE desk3 LOGIN PASSWORD '…' IN ROLE countersign_counter;
--
-- A desk service also seals the log: its role is countersign_service.
--
-- Where the customers are in a table of the office's own, the view of them reads
-- it with the owner's rights, which have to be given before `countersign migrate`:
--
--     GRANT USAGE ON SCHEMA billing TO desk_owner;
--     GRANT SELECT ON billing.core_customer TO desk_owner;
--
-- Where store.schema names another schema than countersign, name it here too.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_counter') THEN
        CREATE ROLE countersign_counter NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_service') THEN
        CREATE ROLE countersign_service NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_report') THEN
        CREATE ROLE countersign_report NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_gate') THEN
        CREATE ROLE countersign_gate NOLOGIN;
    END IF;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA countersign
    FROM PUBLIC, countersign_counter, countersign_service, countersign_report,
    countersign_gate;
REVOKE ALL ON SCHEMA countersign
    FROM PUBLIC, countersign_counter, countersign_service, countersign_report,
    countersign_gate;

-- A counter: it verifies customers. It writes the log and cannot change it. An
-- office's own table of customers it sees through the view alone, and keeps what
-- customers are found by up to it.
GRANT USAGE ON SCHEMA countersign TO countersign_counter;
GRANT SELECT ON ALL TABLES IN SCHEMA countersign TO countersign_counter;
REVOKE SELECT ON countersign.core_sign_in, countersign.core_sitting FROM countersign_counter;
GRANT UPDATE ON countersign.core_lock TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_setting TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_customer_search, countersign.core_customer_word
    TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_otp, countersign.core_guard,
    countersign.core_clerk_guard,
    countersign.core_delivery, countersign.core_session TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_otp_retired TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_outbox TO countersign_counter;
GRANT UPDATE ON countersign.core_line TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_contact TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_contact_state TO countersign_counter;
GRANT INSERT ON countersign.core_policy TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_approval TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_notice TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_pad TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_pad_guard TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_customer_factor TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_representative TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_backup_code TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_trial TO countersign_counter;
-- Not written_by and written_at: those are the server's word.
GRANT INSERT
    (at, kind, outcome, request, customer_id, channel, contact, clerk, counter, detail, act,
    purpose, provider, asked_at)
    ON countersign.core_event TO countersign_counter;

-- A desk service: what a counter may, and it adds to the audit trail, out of which it takes
-- nothing; it makes the stats, keeps the list of the staff, and who sits where.
GRANT countersign_counter TO countersign_service;
GRANT INSERT ON countersign.core_audit_leaf, countersign.core_audit_node,
    countersign.core_audit_checkpoint TO countersign_service;
GRANT UPDATE ON countersign.core_audit_tree TO countersign_service;
GRANT INSERT ON countersign.core_stats_series TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_stats, countersign.core_stats_time
    TO countersign_service;
GRANT UPDATE ON countersign.core_stats_state TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_stats_prefix TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_alarm, countersign.core_alarm_mail
    TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_audit_shipping TO countersign_service;
GRANT INSERT, DELETE ON countersign.core_flag TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_staff TO countersign_service;
GRANT SELECT, INSERT, UPDATE ON countersign.core_sign_in TO countersign_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.core_sitting TO countersign_service;

-- A reporting tool: requests with readable times and hidden contacts.
GRANT USAGE ON SCHEMA countersign TO countersign_report;
GRANT SELECT ON countersign.core_otp_readable TO countersign_report;

-- A billing program: who is verified now.
GRANT USAGE ON SCHEMA countersign TO countersign_gate;
GRANT SELECT ON countersign.core_verified_now TO countersign_gate;
