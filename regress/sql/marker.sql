CREATE EXTENSION pg_replica;

-- each call writes a fresh token that can be read back
SELECT token AS first FROM replica.write_marker('standby1') \gset
SELECT token = :'first' AS "read_marker returns what write_marker wrote" FROM replica.read_marker('standby1');
SELECT token <> :'first' AS "the next token differs", token ~ '^[0-9a-f-]{36}$' AS "it is a UUID",
       lsn <= pg_current_wal_insert_lsn() AS "its position has been reached",
       written_at BETWEEN now() AND clock_timestamp() AS "it is dated now"
  FROM replica.write_marker('standby1');
SELECT count(*) AS "one row a standby" FROM replica.marker;

-- the name is data, whatever it holds
SELECT token IS NOT NULL AS written FROM replica.write_marker($$o'brien "x" \ %$$);
SELECT standby_name FROM replica.marker ORDER BY standby_name COLLATE "C";
SELECT token FROM replica.read_marker('nobody wrote this');

-- names that are none
SELECT * FROM replica.write_marker(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.write_marker('');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.write_marker(E'a\nb');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.write_marker(repeat('x', 64));
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.read_marker(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.read_marker('');
\echo :LAST_ERROR_SQLSTATE

-- a marker of a transaction that is rolled back was never there
BEGIN;
SELECT token IS NOT NULL AS written FROM replica.write_marker('undone');
ROLLBACK;
SELECT count(*) AS "left of it" FROM replica.read_marker('undone');

-- a read-only transaction says so
BEGIN READ ONLY;
\set SHOW_CONTEXT never
SELECT * FROM replica.write_marker('standby1');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- a stranger reads and writes nothing
CREATE ROLE regress_replica_stranger;
GRANT USAGE ON SCHEMA replica TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.write_marker('standby1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.read_marker('standby1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.marker;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- EXECUTE alone does not help: the caller's own rights on the table count
GRANT EXECUTE ON FUNCTION replica.write_marker(text) TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.write_marker('standby1');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
REVOKE ALL ON FUNCTION replica.write_marker(text) FROM regress_replica_stranger;
REVOKE ALL ON SCHEMA replica FROM regress_replica_stranger;
DROP ROLE regress_replica_stranger;

DROP EXTENSION pg_replica;
