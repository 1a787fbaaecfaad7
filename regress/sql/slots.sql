CREATE EXTENSION pg_replica;

-- created once, reserved at once, and created again without harm
SELECT slot, restart_lsn IS NOT NULL AS reserved, changed FROM replica.create_slot('regress_s1');
SELECT slot, restart_lsn IS NOT NULL AS reserved, changed FROM replica.create_slot('regress_s1');
SELECT slot_name, slot_type, database, temporary, active, active_pid, restart_lsn IS NOT NULL AS reserved, wal_status,
       retained_bytes >= 0 AS retains, invalidation_reason
  FROM replica.slots WHERE slot_name LIKE 'regress_%';

SELECT used_by ~ '^nobody( since |$)' AS "nobody uses it", xmin_age, free_bytes > 0 AS free,
       (time_to_full IS NULL) = (time_basis !~ '; then ') AS "a reason or an estimate"
  FROM replica.slots WHERE slot_name = 'regress_s1';

-- names that no slot can have; the hint gives one that it can
SELECT * FROM replica.create_slot(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_slot('');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_slot('Site-A.1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_slot(E'a\nb');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_slot(repeat('x', 64));
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.drop_slot(NULL);
\echo :LAST_ERROR_SQLSTATE

-- what a ROLLBACK would not undo is refused inside a transaction block; what changes nothing is not
BEGIN;
SELECT slot, changed FROM replica.create_slot('regress_s1');
SELECT * FROM replica.create_slot('regress_s2');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
SELECT * FROM replica.drop_slot('regress_s1');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- a temporary slot belongs to its session: it is in use
SELECT slot_name FROM pg_create_physical_replication_slot('regress_temporary', true, true);
\set VERBOSITY terse
SELECT * FROM replica.drop_slot('regress_temporary');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
-- the error has ended it

-- dropped once, and again without harm
SELECT * FROM replica.drop_slot('regress_s1');
SELECT * FROM replica.drop_slot('regress_s1');
SELECT count(*) FROM replica.slots WHERE slot_name LIKE 'regress_%';

-- where no rows are accepted
SELECT 1 WHERE replica.create_slot('regress_s1') IS NOT NULL;
\echo :LAST_ERROR_SQLSTATE

-- a function of the library that somebody has declared differently
CREATE FUNCTION public.no_rows() RETURNS text LANGUAGE C AS 'pg_replica', 'list_slots';
SELECT public.no_rows();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION public.narrow() RETURNS TABLE (one text, two text) LANGUAGE C AS 'pg_replica', 'settings';
SELECT * FROM public.narrow();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION public.no_number(text) RETURNS TABLE (one text) LANGUAGE C AS 'pg_replica', 'settings';
SELECT * FROM public.no_number('x');
\echo :LAST_ERROR_SQLSTATE
DROP FUNCTION public.no_rows, public.narrow, public.no_number;

-- a stranger may nothing, pg_monitor may look
CREATE ROLE regress_replica_stranger;
CREATE ROLE regress_replica_watcher IN ROLE pg_monitor;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.create_slot('regress_s1');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_replica_watcher;
SELECT count(*) FROM replica.slots WHERE slot_name LIKE 'regress_%';
SELECT * FROM replica.create_slot('regress_s1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.drop_slot('regress_s1');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- EXECUTE alone does not help: the server asks for REPLICATION as well
GRANT USAGE ON SCHEMA replica TO regress_replica_stranger;
GRANT EXECUTE ON FUNCTION replica.create_slot(text) TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
\set VERBOSITY sqlstate
SELECT * FROM replica.create_slot('regress_s1');
\set VERBOSITY default
RESET ROLE;
DROP OWNED BY regress_replica_stranger;
DROP ROLE regress_replica_stranger, regress_replica_watcher;

DROP EXTENSION pg_replica;
