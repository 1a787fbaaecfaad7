CREATE EXTENSION pg_replica;

-- the files of a base backup, each folder before what is in it
SELECT convert_from(path, 'UTF8') AS path, kind, size, tablespace, target FROM replica.refresh_list()
 WHERE path IN ('PG_VERSION', 'global', 'pg_wal', 'pg_wal/archive_status', 'global/pg_control', 'pg_tblspc') ORDER BY path;
SELECT count(*) AS "what is made anew is not listed" FROM replica.refresh_list()
 WHERE convert_from(path, 'UTF8') ~ '^(postmaster\.|pg_wal/0|pg_replslot/|pg_notify/|pg_subtrans/)|pg_internal\.init|pgsql_tmp';
SELECT count(*) AS "files before their folder"
  FROM (SELECT convert_from(path, 'UTF8') AS path, ordinality AS n FROM replica.refresh_list() WITH ORDINALITY) file
 WHERE path ~ '/' AND NOT EXISTS (SELECT FROM replica.refresh_list() WITH ORDINALITY folder
                                   WHERE convert_from(folder.path, 'UTF8') = regexp_replace(file.path, '/[^/]*$', '')
                                     AND folder.ordinality < file.n);

-- unlogged and temporary relations are not, but for the init fork
CREATE UNLOGGED TABLE regress_unlogged (a int);
CREATE TEMP TABLE regress_temporary (a int);
CREATE TABLE regress_logged (a int);
SELECT relname, EXISTS (SELECT FROM replica.refresh_list() WHERE path = pg_relation_filepath(oid)::bytea) AS listed,
       EXISTS (SELECT FROM replica.refresh_list() WHERE path = (pg_relation_filepath(oid) || '_init')::bytea) AS init_fork
  FROM pg_class WHERE relname IN ('regress_unlogged', 'regress_temporary', 'regress_logged') ORDER BY relname;

-- a request and its answer: version, chunk size, compression, secret, count; length and path, offset, length, count of hashes
CREATE FUNCTION pg_temp.request(path bytea, length int, start int8 DEFAULT 0) RETURNS bytea LANGUAGE sql AS $$
    SELECT '\x000000010000200000000000'::bytea || decode(repeat('5a', 192), 'hex') || '\x00000001'::bytea
        || int4send(length(path)) || path || int8send(start) || int4send(length) || '\x00000000'::bytea $$;
SELECT replica.refresh_diff(pg_temp.request('postgresql.auto.conf', 1)) AS "one file, one byte read, one chunk: #";
SELECT replica.refresh_diff(pg_temp.request('base/1/4294967295', 1)) AS "a file that is missing";
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 8192, 8192)) AS "behind the end";

-- what is no request
SELECT replica.refresh_diff(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff('');
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff('\x00000002');
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 1) || '\x00');
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 0));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 1, 100));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 4194305));
\echo :LAST_ERROR_SQLSTATE

-- what is not listed is not read
SELECT replica.refresh_diff(pg_temp.request('postmaster.pid', 1));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('../x', 1));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('/etc/passwd', 1));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('\x5047005645', 1));
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff(pg_temp.request('global', 1));
\echo :LAST_ERROR_SQLSTATE

-- a stranger reads nothing, EXECUTE alone does not help, REPLICATION does
CREATE ROLE regress_replica_stranger;
GRANT USAGE ON SCHEMA replica TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.refresh_list();
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff('');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.refresh_list(), replica.refresh_diff(bytea) TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.refresh_list();
\echo :LAST_ERROR_SQLSTATE
SELECT replica.refresh_diff('');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
ALTER ROLE regress_replica_stranger REPLICATION;
SET ROLE regress_replica_stranger;
SELECT count(*) > 500 AS "the list" FROM replica.refresh_list();
SELECT replica.refresh_diff(pg_temp.request('PG_VERSION', 8192, 8192)) IS NOT NULL AS "and the answer";
RESET ROLE;
REVOKE ALL ON FUNCTION replica.refresh_list(), replica.refresh_diff(bytea) FROM regress_replica_stranger;
REVOKE ALL ON SCHEMA replica FROM regress_replica_stranger;
DROP ROLE regress_replica_stranger;

DROP TABLE regress_unlogged, regress_temporary, regress_logged;
DROP EXTENSION pg_replica;
