-- Who may do what in a store on MySQL 8 or MariaDB. An administrator runs it
-- once `countersign migrate` has made the tables, and again after each later
-- migrate:
--
--     mysql < mysql.sql
--
-- The owner is an account with all rights on the database: it migrates, imports
-- customers and maintains. Each counter's account is then given its role, the
-- last line of which is MariaDB's; MySQL says TO where that says FOR:
--
--     CREATE USER 'desk3'@'%' IDENTIFIED BY '…';
--     GRANT countersign_counter TO 'desk3'@'%';
--     SET DEFAULT ROLE countersign_counter FOR 'desk3'@'%';
--
-- A desk service also seals the log: its role is countersign_service.
--
-- Where the customers are in a table of the office's own, the view of them reads
-- it with the owner's rights, which have to be given before `countersign migrate`:
--
--     GRANT SELECT ON billing.core_customer TO desk_owner;
--
-- Where the database is not called countersign, name it here too.

CREATE ROLE IF NOT EXISTS countersign_counter;
CREATE ROLE IF NOT EXISTS countersign_service;
CREATE ROLE IF NOT EXISTS countersign_report;
CREATE ROLE IF NOT EXISTS countersign_gate;

-- A counter: it verifies customers. It writes the log and cannot change it. An
-- office's own table of customers it sees through the view alone, and keeps what
-- customers are found by up to it.
GRANT SELECT ON countersign.* TO countersign_counter;
GRANT UPDATE ON countersign.core_lock TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_setting TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_customer_search TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_customer_word TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_otp TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_guard TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_customer_factor TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_representative TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_backup_code TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_clerk_guard TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_delivery TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_session TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_outbox TO countersign_counter;
GRANT UPDATE ON countersign.core_line TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_contact TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_contact_state TO countersign_counter;
GRANT INSERT ON countersign.core_policy TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_approval TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_notice TO countersign_counter;
GRANT INSERT, UPDATE, DELETE ON countersign.core_pad TO countersign_counter;
GRANT INSERT, UPDATE ON countersign.core_pad_guard TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_trial TO countersign_counter;
GRANT INSERT, DELETE ON countersign.core_otp_retired TO countersign_counter;
-- Not written_by and written_at: those are the server's word.
GRANT INSERT
    (at, kind, outcome, request, customer_id, channel, contact, clerk, counter, detail, act,
    purpose, provider, asked_at)
    ON countersign.core_event TO countersign_counter;

-- A desk service: what a counter may, and it adds to the audit trail, out of which it takes
-- nothing; it makes the stats, keeps the list of the staff, and who sits where.
GRANT countersign_counter TO countersign_service;
GRANT INSERT ON countersign.core_audit_leaf TO countersign_service;
GRANT INSERT ON countersign.core_audit_node TO countersign_service;
GRANT INSERT ON countersign.core_audit_checkpoint TO countersign_service;
GRANT UPDATE ON countersign.core_audit_tree TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_stats_series TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_stats TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_stats_time TO countersign_service;
GRANT UPDATE ON countersign.core_stats_state TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_stats_prefix TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_alarm TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_alarm_mail TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_audit_shipping TO countersign_service;
GRANT INSERT, DELETE ON countersign.core_flag TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_staff TO countersign_service;
GRANT INSERT, UPDATE ON countersign.core_sign_in TO countersign_service;
GRANT INSERT, UPDATE, DELETE ON countersign.core_sitting TO countersign_service;

-- A reporting tool: requests with readable times and hidden contacts.
GRANT SELECT ON countersign.core_otp_readable TO countersign_report;

-- A billing program: who is verified now.
GRANT SELECT ON countersign.core_verified_now TO countersign_gate;
