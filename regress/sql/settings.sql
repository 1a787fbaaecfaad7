CREATE EXTENSION pg_replica;
\set SHOW_CONTEXT never

-- one row a setting, in one order; wal_log_hints is left out below, as data checksums (the default from 18) do as well,
-- and archive_library, which is new in 15
SELECT name, required_setting, takes_effect FROM replica.settings() WHERE name NOT IN ('wal_log_hints', 'archive_library');
SELECT name, current_setting, required_setting, sufficient, reason FROM replica.settings(30, '1GB', '10GB')
 WHERE NOT sufficient AND name <> 'wal_log_hints';

-- a dry run writes nothing and may stand in a transaction
BEGIN;
SELECT name, asked, in_effect, changed, pending_restart, note FROM replica.set_settings(30, '1GB', '10GB', dry_run => true)
 WHERE changed AND name <> 'wal_log_hints';
ROLLBACK;
SELECT count(*) AS "nothing written" FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' AND name ~ 'keep_size|senders';

-- written, reloaded, and reported as it is in effect; a second call changes nothing
SELECT name, asked, in_effect, source, takes_effect, pending_restart, changed
  FROM replica.set_settings(30, '1GB', '10GB') WHERE name NOT IN ('wal_log_hints', 'archive_library');
SELECT name, asked, in_effect, source, takes_effect, pending_restart, changed
  FROM replica.set_settings(30, '1GB', '10GB') WHERE changed OR pending_restart AND name <> 'wal_log_hints';
SHOW wal_keep_size;
\c -
\set SHOW_CONTEXT never
SHOW max_slot_wal_keep_size;

-- nothing is lowered
SELECT name, asked, in_effect, pending_restart, changed, note FROM replica.set_settings(2, '1MB', '1GB')
 WHERE name IN ('max_wal_senders', 'wal_keep_size', 'max_slot_wal_keep_size');
SELECT name, before, set_to FROM replica.setting_history WHERE name <> 'wal_log_hints' ORDER BY name COLLATE "C";

-- what somebody else changed since stays; the rest is put back as it was
ALTER SYSTEM SET wal_keep_size = '2GB';
SELECT name, asked, changed, note FROM replica.reset_settings(dry_run => true) WHERE name <> 'wal_log_hints';
SELECT name, asked, in_effect, pending_restart, changed, note FROM replica.reset_settings() WHERE name <> 'wal_log_hints';
SELECT count(*) AS "nothing left to put back" FROM replica.reset_settings();
SELECT name, setting FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' AND name ~ 'keep_size|senders';
ALTER SYSTEM RESET wal_keep_size;

-- a value that was there before comes back
ALTER SYSTEM SET wal_keep_size = '16MB';
SELECT name, in_effect, changed FROM replica.set_settings(2, '32MB') WHERE name = 'wal_keep_size';
SELECT name, in_effect, changed FROM replica.set_settings(2, '64MB') WHERE name = 'wal_keep_size';
SELECT name, in_effect, changed FROM replica.reset_settings() WHERE name = 'wal_keep_size';
ALTER SYSTEM RESET wal_keep_size;
SELECT pg_reload_conf();

-- archiving is turned on only with a command, and replaces none
SELECT name, asked, pending_restart, changed FROM replica.set_settings(archive_command => 'test "%p" != ''\''')
 WHERE name ~ '^archive_[cm]';
SELECT setting FROM pg_file_settings WHERE name = 'archive_command';
SELECT count(*) FROM replica.reset_settings() WHERE name ~ '^archive_[cm]';

-- whoever can write the table gets no command, no other setting and no bad value into the configuration with it
SELECT count(*) FROM replica.set_settings(archive_command => 'true') WHERE name <> 'archive_library';
UPDATE replica.setting_history SET before = 'touch it''s_mine' WHERE name = 'archive_command';
SELECT name, asked, changed, note FROM replica.reset_settings() WHERE name ~ '^archive_[cm]';
SELECT count(*) AS "no command" FROM pg_file_settings WHERE name = 'archive_command';
\set VERBOSITY sqlstate
INSERT INTO replica.setting_history VALUES ('shared_preload_libraries', 'mine', '', now(), current_user);
\set VERBOSITY default
ALTER TABLE replica.setting_history DROP CONSTRAINT setting_history_name_check;
INSERT INTO replica.setting_history VALUES ('shared_preload_libraries', 'mine', '', now(), current_user);
SELECT * FROM replica.reset_settings();
SELECT count(*) AS "nothing left of it" FROM replica.setting_history;
ALTER SYSTEM SET wal_keep_size = '2GB';
INSERT INTO replica.setting_history VALUES ('wal_keep_size', 'a lot', '2GB', now(), current_user);
\set VERBOSITY sqlstate
SELECT * FROM replica.reset_settings();
\set VERBOSITY default
DELETE FROM replica.setting_history;
ALTER SYSTEM RESET wal_keep_size;

ALTER SYSTEM SET archive_command = 'true';
SELECT * FROM replica.set_settings(archive_command => 'cp %p /archive/%f');
\echo :LAST_ERROR_SQLSTATE
ALTER SYSTEM RESET archive_command;
SELECT pg_reload_conf();
SELECT * FROM replica.set_settings(archive_command => '');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM replica.set_settings(archive_command => 'true', archive_library => 'x');
\set VERBOSITY default
SELECT * FROM replica.set_settings(archive_command => E'true\nshared_preload_libraries = x');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_settings(archive_command => 'cp %p /archive/%x');
\echo :LAST_ERROR_SQLSTATE

-- a bound that would invalidate a slot
SELECT changed FROM replica.create_slot('regress_settings');
DO $$ BEGIN FOR i IN 1 .. 3 LOOP PERFORM pg_logical_emit_message(false, '', 'x'); PERFORM pg_switch_wal(); END LOOP; END $$;
\set VERBOSITY sqlstate
SELECT * FROM replica.settings(max_slot_wal_keep_size => '16MB');
\set VERBOSITY default
SELECT changed FROM replica.drop_slot('regress_settings');

-- wishes that make no sense
SELECT * FROM replica.settings(0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_settings(1001);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_settings(max_slot_wal_keep_size => '0');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_settings(wal_keep_size => E'1GB\n');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM replica.set_settings(wal_keep_size => 'a lot');
SELECT * FROM replica.set_settings(wal_keep_size => '-1');
SELECT * FROM replica.settings(max_slot_wal_keep_size => '10 elephants');
\set VERBOSITY default

-- ALTER SYSTEM would survive the ROLLBACK
BEGIN;
SELECT * FROM replica.set_settings();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
SELECT * FROM replica.reset_settings();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET default_transaction_read_only = on;
SELECT * FROM replica.set_settings(wal_keep_size => '1GB');
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;
SELECT count(*) AS "nothing written" FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' AND name = 'wal_keep_size';

-- nobody may call it who was not allowed to; who was allowed still needs the rights, all named at once, and a
-- SECURITY DEFINER function does not lend them
CREATE ROLE regress_nobody;
GRANT USAGE ON SCHEMA replica TO regress_nobody;
SET ROLE regress_nobody;
SELECT * FROM replica.settings();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_settings();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.reset_settings();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.settings, replica.set_settings, replica.reset_settings TO regress_nobody;
CREATE FUNCTION public.lend() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    AS $$ SELECT count(*) FROM replica.set_settings(wal_keep_size => '1GB') $$;
SET SESSION AUTHORIZATION regress_nobody;
SELECT name, sufficient FROM replica.settings() WHERE name <> 'wal_log_hints' AND NOT sufficient;
\set VERBOSITY sqlstate
SELECT * FROM replica.set_settings(30);
SELECT * FROM replica.reset_settings();
SELECT public.lend();
RESET SESSION AUTHORIZATION;
\set VERBOSITY default
SELECT count(*) AS "nothing written" FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' AND name = 'wal_keep_size';

DROP FUNCTION public.lend();
SELECT count(*) AS "left over" FROM replica.reset_settings();
DROP EXTENSION pg_replica;
DROP ROLE regress_nobody;
