CREATE EXTENSION pg_replica;
SET client_min_messages = error;

-- all checks, always, in this order
SELECT string_agg(name, E'\n' ORDER BY ordinality) AS checks,
       bool_and(status IN ('ok', 'warning', 'error')) AS "known states",
       bool_and((hint IS NULL) = (status = 'ok')) AS "a hint where it is not ok",
       bool_and(detail <> '') AS "always a fact",
       bool_and(fix IS NULL OR status <> 'ok' AND strpos(hint, fix[1]) > 0) AS "fixes are of the hint"
  FROM replica.check() WITH ORDINALITY;
SELECT count(*) FROM replica.check(3, 'nobody', '192.0.2.1', true);

-- without a role there is nothing to say about it
SELECT name, status, detail FROM replica.check() WHERE name LIKE 'role%' OR name = 'admission';

-- a role that is missing
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica''s') WHERE name LIKE 'role%';

-- a role with every fault that the client cannot tell apart
CREATE ROLE regress_replica_bad NOLOGIN CONNECTION LIMIT 1 VALID UNTIL '2020-01-01 00:00:00 UTC'
    PASSWORD 'md5a3556571e93b0d20722ba62be61e8c2d';
SET timezone = 'UTC';
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_bad', address => '192.0.2.1')
 WHERE name LIKE 'role%';

-- mended by the hints
ALTER ROLE "regress_replica_bad" LOGIN;
ALTER ROLE "regress_replica_bad" REPLICATION;
ALTER ROLE "regress_replica_bad" VALID UNTIL 'infinity';
ALTER ROLE "regress_replica_bad" CONNECTION LIMIT 2;
ALTER ROLE "regress_replica_bad" PASSWORD
    'SCRAM-SHA-256$4096:IdJTgLz6nSd3MzLuYXeXcA==$iNFkmqw1WAFaWXVmC7bnc4pyqCnDCjGwq0K7aZOHaCg=:5Ah6ne62z2s4iEVqUwhQNz0OLdMaSWdD3fWwUEKURQA=';
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_bad', address => '192.0.2.1')
 WHERE name LIKE 'role%';
ALTER ROLE regress_replica_bad PASSWORD NULL;
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_bad', address => '192.0.2.1')
 WHERE name = 'role_password';

-- nobody admits an address that is reserved for documentation
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_bad', address => '192.0.2.1/32')
 WHERE name = 'admission';
SELECT * FROM replica.check(role_name => 'regress_replica_bad', address => 'no address');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.check(address => 'foo');
SELECT name, status FROM replica.check(role_name => 'regress_replica_bad', address => '192.0.2.0/24')
 WHERE name = 'admission';
SELECT (SELECT r FROM replica.check(1, 'regress_replica_bad', 'local') r WHERE name = 'admission')
     = (SELECT r FROM replica.check(1, 'regress_replica_bad') r WHERE name = 'admission') AS "local is the socket";
DROP ROLE regress_replica_bad;

-- more standbys than the server has room for
SELECT name, status, hint ~ '^ALTER SYSTEM SET max_\w+ = ''\d+''; -- then restart the server$' AS hint
  FROM replica.check(1000) WHERE name IN ('max_wal_senders', 'max_replication_slots');
SELECT name, status FROM replica.check(0) WHERE name IN ('max_wal_senders', 'max_replication_slots');
SELECT * FROM replica.check(-1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.check(1001);
\echo :LAST_ERROR_SQLSTATE

-- what a standby would not hold
CREATE UNLOGGED TABLE regress_unlogged (i integer);
SELECT status, detail, hint FROM replica.check() WHERE name = 'unlogged_tables';
DROP TABLE regress_unlogged;
SELECT status, detail, hint FROM replica.check() WHERE name = 'unlogged_tables';

-- a slot that nobody uses
SELECT changed FROM replica.create_slot('regress_s1');
SELECT status, detail ~ '^Nobody uses these slots: .*regress_s1.*; they retain up to .* of WAL\.$' AS detail, hint
  FROM replica.check() WHERE name = 'inactive_slots';
SELECT changed FROM replica.drop_slot('regress_s1');

-- settings
SET default_transaction_read_only = on;
SELECT status, detail, hint FROM replica.check() WHERE name = 'default_transaction_read_only';
RESET default_transaction_read_only;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET max_slot_wal_keep_size = -1;
ALTER SYSTEM SET synchronous_standby_names = 'FIRST 2 (a, "b-c")';
SET synchronous_commit = local;
SELECT pg_reload_conf();
SELECT pg_sleep(0.3) IS NOT NULL AS reloaded;
SELECT name, status, detail, hint FROM replica.check()
 WHERE name IN ('full_page_writes', 'slot_retention', 'synchronous_standbys');
ALTER SYSTEM RESET full_page_writes;
ALTER SYSTEM RESET max_slot_wal_keep_size;
ALTER SYSTEM RESET synchronous_standby_names;
SELECT pg_reload_conf();
SELECT pg_sleep(0.3) IS NOT NULL AS reloaded;
SELECT name, status FROM replica.check() WHERE name IN ('full_page_writes', 'synchronous_standbys');

-- a role without rights is told which it lacks; nothing is called ok that it could not see
CREATE ROLE regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.check();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA replica TO regress_replica_stranger;
GRANT EXECUTE ON FUNCTION replica.check(integer, text, text, boolean) TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_stranger')
 WHERE name IN ('role_password', 'admission', 'configuration_files', 'hba_file');
SELECT count(*) FROM replica.check();
RESET ROLE;

-- the hint, pasted, shows it
GRANT SELECT ON pg_catalog.pg_hba_file_rules TO regress_replica_stranger; GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO regress_replica_stranger;
GRANT SELECT ON pg_catalog.pg_file_settings TO regress_replica_stranger; GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT name, status, detail, hint FROM replica.check() WHERE name IN ('configuration_files', 'hba_file');
SELECT name, status, detail, hint FROM replica.check(role_name => 'regress_replica_stranger') WHERE name = 'admission';
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.hba_decision(text, text, boolean, text) TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT name, detail LIKE 'Replication by role "regress_replica_stranger" from a Unix-domain socket: %' AS seen
  FROM replica.check(role_name => 'regress_replica_stranger') WHERE name = 'admission';
RESET ROLE;
DROP OWNED BY regress_replica_stranger;
DROP ROLE regress_replica_stranger;

DROP EXTENSION pg_replica;
