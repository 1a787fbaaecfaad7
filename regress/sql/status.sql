CREATE EXTENSION pg_replica;

-- the columns are the interface
SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
 WHERE attrelid = 'replica.standbys'::regclass AND attnum > 0 ORDER BY attnum;
SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
 WHERE attrelid = 'replica.node'::regclass AND attnum > 0 ORDER BY attnum;

-- and each says what it means and in which unit
SELECT a.attrelid::regclass AS object, a.attname AS "column without a comment"
  FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.objid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
   AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_replica')
   AND (SELECT relkind FROM pg_class c WHERE c.oid = a.attrelid) IN ('r', 'v') AND a.attnum > 0
   AND col_description(a.attrelid, a.attnum) IS NULL ORDER BY a.attrelid::regclass::text, a.attnum;

-- this server's own account agrees with the catalogue
SELECT role, server_version = current_setting('server_version') AS version,
       system_identifier = (SELECT system_identifier FROM pg_control_system()) AS cluster, timeline > 0 AS timeline,
       current_lsn <= pg_current_wal_lsn() AS position, receive_lsn, replay_lsn, replay_pause_state, receiver_status,
       archive_mode = current_setting('archive_mode') AS archive_mode, health IN ('ok', 'warning') AS health
  FROM replica.node;

-- a slot that nobody streams from is an absent standby
SELECT changed FROM replica.create_slot('regress_s1');
SELECT application_name, client_addr, state, timeline, replay_lag, replay_lag_bytes, slot_active, wal_status,
       retained_bytes >= 0 AS retains, pid, health,
       regexp_replace(reason, 'retains \d.*$', 'retains N of WAL') AS reason
  FROM replica.standbys WHERE slot_name = 'regress_s1';

-- all of it in one row
SELECT role, health, standbys, reason LIKE 'standby regress\_s1: absent: nobody streams%' AS says_so FROM replica.health;

-- other limits than those of the views
SELECT count(*) FROM replica.list_standbys(warning_bytes => 1, critical_bytes => 2, silence_seconds => 1);
SELECT role FROM replica.describe_node(warning_bytes => NULL);

-- one that reserves nothing costs nothing
SELECT slot_name FROM pg_create_physical_replication_slot('regress_s2');
SELECT retained_bytes, health, reason FROM replica.standbys WHERE slot_name = 'regress_s2';

-- a temporary slot waits for no standby
SELECT slot_name FROM pg_create_physical_replication_slot('regress_s3', true, true);
SELECT count(*) FROM replica.standbys WHERE slot_name = 'regress_s3';
SELECT FROM pg_drop_replication_slot('regress_s3');
SELECT changed FROM replica.drop_slot('regress_s2');

-- a name in synchronous_standby_names that nobody bears
SET synchronous_commit = local;
ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (regress_s1, "site-a", *)';
SELECT pg_reload_conf();
SELECT pg_sleep(0.2) IS NOT NULL AS reloaded;
SELECT application_name, slot_name, state, health FROM replica.standbys
 WHERE application_name IN ('regress_s1', 'site-a') ORDER BY application_name;
SELECT synchronous_standby_names, health, reason LIKE 'commits wait: %wants 1 of its standbys, 0 can confirm%' AS says_so
  FROM replica.node;
ALTER SYSTEM RESET synchronous_standby_names;
SELECT pg_reload_conf();
SELECT pg_sleep(0.2) IS NOT NULL AS reloaded;
SELECT application_name, health FROM replica.standbys WHERE slot_name = 'regress_s1';
SELECT changed FROM replica.drop_slot('regress_s1');

-- a stranger sees nothing, and is told so; pg_monitor sees
CREATE ROLE regress_replica_stranger;
CREATE ROLE regress_replica_watcher IN ROLE pg_monitor;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.standbys;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA replica TO regress_replica_stranger;
SET ROLE regress_replica_stranger;
SELECT * FROM replica.list_standbys();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.describe_node();
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_replica_watcher;
SELECT count(*) >= 0 AS sees FROM replica.standbys;
SELECT role FROM replica.node;
SELECT role FROM replica.health;
RESET ROLE;
DROP OWNED BY regress_replica_stranger;
DROP ROLE regress_replica_stranger, regress_replica_watcher;

DROP EXTENSION pg_replica;
