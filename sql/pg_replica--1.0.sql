-- pg_replica 1.0
\echo Use "CREATE EXTENSION pg_replica" to load this file. \quit

-- The schema must not exist beforehand: its owner could drop or replace what is in it.
CREATE SCHEMA replica;
COMMENT ON SCHEMA replica IS 'pg_replica: replication roles, settings, admission, slots, checks and status';

-- Roles ---------------------------------------------------------------------------------------------------------------

-- A plain password is always stored as SCRAM; times go in and out in one format whatever the session's DateStyle is.
CREATE FUNCTION replica.create_role(role_name text, password text DEFAULT NULL, connection_limit integer DEFAULT NULL,
                                    valid_until timestamptz DEFAULT NULL)
    RETURNS TABLE (attribute text, before text, after text, changed boolean, note text)
    LANGUAGE C VOLATILE
    SET search_path = pg_catalog, pg_temp
    SET password_encryption = 'scram-sha-256'
    SET datestyle = 'ISO, YMD'
    AS 'MODULE_PATHNAME', 'create_role';
REVOKE ALL ON FUNCTION replica.create_role(text, text, integer, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION replica.create_role(text, text, integer, timestamptz) IS
    'creates a role with LOGIN and REPLICATION or completes one that it created; takes a SCRAM verifier, a password or none';

CREATE FUNCTION replica.drop_role(role_name text)
    RETURNS TABLE (role text, changed boolean)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'drop_role';
REVOKE ALL ON FUNCTION replica.drop_role(text) FROM PUBLIC;
COMMENT ON FUNCTION replica.drop_role(text) IS
    'drops a role that create_role or create_rewind_role created and that no standby uses; changed is false when there is none';

CREATE FUNCTION replica.create_rewind_role(role_name text, password text DEFAULT NULL)
    RETURNS TABLE (attribute text, before text, after text, changed boolean, note text)
    LANGUAGE C VOLATILE
    SET search_path = pg_catalog, pg_temp
    SET password_encryption = 'scram-sha-256'
    AS 'MODULE_PATHNAME', 'create_rewind_role';
REVOKE ALL ON FUNCTION replica.create_rewind_role(text, text) FROM PUBLIC;
COMMENT ON FUNCTION replica.create_rewind_role(text, text) IS
    'creates a role with LOGIN and the four grants that pg_rewind needs of its source in this database, or completes one that it created: it reads every file of the data directory; takes a SCRAM verifier, a password or none';

CREATE FUNCTION replica.list_replication_roles()
    RETURNS TABLE (role_name name, superuser boolean, replication boolean, login boolean, password text,
                   valid_until timestamptz, connection_limit integer, connections integer, streaming integer,
                   created_by_pg_replica boolean, meaning text)
    LANGUAGE C VOLATILE ROWS 10 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'list_replication_roles';
REVOKE ALL ON FUNCTION replica.list_replication_roles() FROM PUBLIC;
COMMENT ON FUNCTION replica.list_replication_roles() IS 'every role that can replicate, and what that means';

CREATE VIEW replica.replication_roles AS SELECT * FROM replica.list_replication_roles();
COMMENT ON VIEW replica.replication_roles IS 'every role that can replicate, and what that means';
COMMENT ON COLUMN replica.replication_roles.role_name IS 'name of the role';
COMMENT ON COLUMN replica.replication_roles.superuser IS 'true for a superuser, who can replicate without REPLICATION';
COMMENT ON COLUMN replica.replication_roles.replication IS 'true if it has the REPLICATION attribute';
COMMENT ON COLUMN replica.replication_roles.login IS 'true if it can log in';
COMMENT ON COLUMN replica.replication_roles.password IS
    'how its password is stored: none, md5 or scram-sha-256; NULL when the caller may not see that';
COMMENT ON COLUMN replica.replication_roles.valid_until IS 'end of its password''s validity; NULL for none';
COMMENT ON COLUMN replica.replication_roles.connection_limit IS 'how many connections it may have; -1 for no limit';
COMMENT ON COLUMN replica.replication_roles.connections IS 'connections that it has now';
COMMENT ON COLUMN replica.replication_roles.streaming IS 'those of them that WAL or a copy is sent to';
COMMENT ON COLUMN replica.replication_roles.created_by_pg_replica IS
    'true if its comment says that create_role made it, which whoever may comment on it can write';
COMMENT ON COLUMN replica.replication_roles.meaning IS
    'what the role can do, and what keeps it from logging in as it is';

-- Admission -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.hba_decision(role_name text, address text, tls boolean DEFAULT false,
                                     database text DEFAULT NULL)
    RETURNS TABLE (decision text, file_name text, line_number integer, rule text, auth_method text, explanation text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'hba_decision';
REVOKE ALL ON FUNCTION replica.hba_decision(text, text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION replica.hba_decision(text, text, boolean, text) IS
    'the line of pg_hba.conf that decides about a connection of a role from an address (NULL or ''local'': Unix-domain socket) to a database (NULL: physical replication): accept, reject, no match, or unknown where a host name or an error in the file stands in the way; and why the lines before it do not match';

CREATE FUNCTION replica.allow_standby(role_name text, address text, connection_type text DEFAULT 'host',
                                      auth_method text DEFAULT 'scram-sha-256', allow_wide boolean DEFAULT false,
                                      dry_run boolean DEFAULT false)
    RETURNS TABLE (file_name text, line_number integer, rule text, changed boolean, note text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'allow_standby';
REVOKE ALL ON FUNCTION replica.allow_standby(text, text, text, text, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION replica.allow_standby(text, text, text, text, boolean, boolean) IS
    'lets a role replicate from an address or network (NULL or ''local'': Unix-domain socket): adds one line to pg_hba.conf where it takes effect, has the server check it and reloads; changed is false when a line lets it in already';

CREATE FUNCTION replica.disallow_standby(role_name text, address text, dry_run boolean DEFAULT false)
    RETURNS TABLE (file_name text, line_number integer, rule text, changed boolean, note text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'disallow_standby';
REVOKE ALL ON FUNCTION replica.disallow_standby(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION replica.disallow_standby(text, text, boolean) IS
    'takes the line out of pg_hba.conf that allow_standby added for this role and address, and no other, and reloads';

-- Settings ------------------------------------------------------------------------------------------------------------

-- Describes postgresql.auto.conf of this server, so it is not for pg_dump.
CREATE TABLE replica.setting_history (
    name text PRIMARY KEY
        CHECK (name IN ('wal_level', 'max_wal_senders', 'max_replication_slots', 'wal_keep_size',
                        'max_slot_wal_keep_size', 'wal_log_hints', 'hot_standby', 'archive_mode', 'archive_command',
                        'archive_library', 'synchronous_standby_names')),
    before text,
    set_to text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by name NOT NULL
);
REVOKE ALL ON TABLE replica.setting_history FROM PUBLIC;
COMMENT ON TABLE replica.setting_history IS 'what set_settings and set_synchronous_standbys wrote to postgresql.auto.conf, for reset_settings';
COMMENT ON COLUMN replica.setting_history.name IS 'the setting';
COMMENT ON COLUMN replica.setting_history.before IS 'its value in postgresql.auto.conf before; NULL when it had none';
COMMENT ON COLUMN replica.setting_history.set_to IS 'the value that was written last';
COMMENT ON COLUMN replica.setting_history.set_at IS 'when it was written';
COMMENT ON COLUMN replica.setting_history.set_by IS 'the session user who wrote it';

CREATE FUNCTION replica.settings(standbys integer DEFAULT 2, wal_keep_size text DEFAULT NULL,
                                 max_slot_wal_keep_size text DEFAULT NULL, archive_command text DEFAULT NULL,
                                 archive_library text DEFAULT NULL)
    RETURNS TABLE (name text, current_setting text, required_setting text, sufficient boolean, source text,
                   sourcefile text, takes_effect text, pending_restart boolean, reason text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'settings';
REVOKE ALL ON FUNCTION replica.settings(integer, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION replica.settings(integer, text, text, text, text) IS
    'the settings of replication as they are and as so many standbys need them';

CREATE FUNCTION replica.set_settings(standbys integer DEFAULT 2, wal_keep_size text DEFAULT NULL,
                                     max_slot_wal_keep_size text DEFAULT NULL, archive_command text DEFAULT NULL,
                                     dry_run boolean DEFAULT false, standbys_raised boolean DEFAULT false,
                                     archive_library text DEFAULT NULL)
    RETURNS TABLE (name text, asked text, in_effect text, source text, takes_effect text, pending_restart boolean,
                   changed boolean, note text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'set_settings';
REVOKE ALL ON FUNCTION replica.set_settings(integer, text, text, text, boolean, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION replica.set_settings(integer, text, text, text, boolean, boolean, text) IS
    'writes the settings that so many standbys lack with ALTER SYSTEM and reloads; never lowers one';

CREATE FUNCTION replica.reset_settings(dry_run boolean DEFAULT false)
    RETURNS TABLE (name text, asked text, in_effect text, source text, takes_effect text, pending_restart boolean,
                   changed boolean, note text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reset_settings';
REVOKE ALL ON FUNCTION replica.reset_settings(boolean) FROM PUBLIC;
COMMENT ON FUNCTION replica.reset_settings(boolean) IS
    'puts back what set_settings and set_synchronous_standbys wrote, unless somebody else has changed it since';

-- Synchronous standbys ------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.synchronous_standbys()
    RETURNS TABLE (standby_name text, named boolean, priority integer, state text, sync_state text, can_confirm boolean,
                   note text, method text, required integer, confirming integer, commits_wait boolean)
    LANGUAGE C VOLATILE ROWS 10 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'synchronous_standbys';
REVOKE ALL ON FUNCTION replica.synchronous_standbys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION replica.synchronous_standbys() TO pg_monitor;
COMMENT ON FUNCTION replica.synchronous_standbys() IS
    'the standbys that synchronous_standby_names names and those that are connected: who can confirm a commit now, how many have to, and whether every commit waits for want of them; never without a row';

CREATE FUNCTION replica.set_synchronous_standbys(names text[], method text DEFAULT 'FIRST', num_sync integer DEFAULT 1,
                                                 dry_run boolean DEFAULT false, allow_waiting boolean DEFAULT false,
                                                 allow_none boolean DEFAULT false)
    RETURNS TABLE (before text, asked text, in_effect text, required integer, confirming integer, commits_wait boolean,
                   changed boolean, note text)
    LANGUAGE C VOLATILE ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'set_synchronous_standbys';
REVOKE ALL ON FUNCTION replica.set_synchronous_standbys(text[], text, integer, boolean, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION replica.set_synchronous_standbys(text[], text, integer, boolean, boolean, boolean) IS
    'sets synchronous_standby_names with ALTER SYSTEM and reloads: FIRST or ANY num_sync of these standbys have to confirm each commit, none if there are none; refuses what would make every commit wait, and to name nobody, unless that is allowed';

-- Slots ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.create_slot(slot_name text)
    RETURNS TABLE (slot name, restart_lsn pg_lsn, changed boolean)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'create_slot';
REVOKE ALL ON FUNCTION replica.create_slot(text) FROM PUBLIC;
COMMENT ON FUNCTION replica.create_slot(text) IS
    'creates a physical replication slot that reserves WAL at once; changed is false when it was there already';

CREATE FUNCTION replica.drop_slot(slot_name text)
    RETURNS TABLE (slot name, changed boolean)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'drop_slot';
REVOKE ALL ON FUNCTION replica.drop_slot(text) FROM PUBLIC;
COMMENT ON FUNCTION replica.drop_slot(text) IS
    'drops an inactive physical replication slot by its exact name; changed is false when there is none';

CREATE FUNCTION replica.list_slots()
    RETURNS TABLE (slot_name name, slot_type text, database name, temporary boolean, active boolean,
                   active_pid integer, restart_lsn pg_lsn, wal_status text, safe_wal_size bigint,
                   retained_bytes bigint, inactive_since timestamptz, invalidation_reason text, used_by text,
                   xmin_age integer, free_bytes bigint, time_to_full interval, time_basis text)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'list_slots';
REVOKE ALL ON FUNCTION replica.list_slots() FROM PUBLIC;
COMMENT ON FUNCTION replica.list_slots() IS
    'every replication slot with the WAL it retains; bytes are counted to the current end of WAL';

CREATE VIEW replica.slots AS SELECT * FROM replica.list_slots();
COMMENT ON VIEW replica.slots IS 'every replication slot with the WAL it retains';
COMMENT ON COLUMN replica.slots.slot_name IS 'name of the slot';
COMMENT ON COLUMN replica.slots.slot_type IS 'physical or logical';
COMMENT ON COLUMN replica.slots.database IS 'database of a logical slot; NULL for a physical one';
COMMENT ON COLUMN replica.slots.temporary IS 'true if it goes with the session that made it';
COMMENT ON COLUMN replica.slots.active IS 'true while somebody streams from it';
COMMENT ON COLUMN replica.slots.active_pid IS
    'process ID of the session that streams from it; NULL when nobody does';
COMMENT ON COLUMN replica.slots.restart_lsn IS
    'oldest WAL that the slot keeps; NULL while it reserves none';
COMMENT ON COLUMN replica.slots.wal_status IS
    'reserved, extended, unreserved or lost: whether that WAL is still there';
COMMENT ON COLUMN replica.slots.safe_wal_size IS
    'bytes of WAL that can still be written before the slot may lose WAL; NULL without a bound';
COMMENT ON COLUMN replica.slots.retained_bytes IS
    'bytes of WAL from restart_lsn to the end of WAL, which the slot keeps from being removed; on a standby to what it has received';
COMMENT ON COLUMN replica.slots.inactive_since IS
    'since when nobody streams from it; NULL before PostgreSQL 17';
COMMENT ON COLUMN replica.slots.invalidation_reason IS
    'why it is unusable; NULL while it is not; before PostgreSQL 17 only wal_removed or conflict_with_recovery';
COMMENT ON COLUMN replica.slots.used_by IS
    'application_name and address of the session that streams from it, or nobody, from PostgreSQL 17 on with since when';
COMMENT ON COLUMN replica.slots.xmin_age IS
    'transactions since the oldest one whose dead rows the slot keeps from VACUUM; NULL when it keeps none';
COMMENT ON COLUMN replica.slots.free_bytes IS 'free bytes of the file system of pg_wal';
COMMENT ON COLUMN replica.slots.time_to_full IS
    'time until the slot reaches its bound or the disk is full, if nobody streams from it from now on; NULL when unknown';
COMMENT ON COLUMN replica.slots.time_basis IS
    'the rate of WAL that time_to_full goes by and what comes then; where it is NULL: why';

-- Status --------------------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.list_standbys(warning_bytes bigint DEFAULT 16777216, critical_bytes bigint DEFAULT 1073741824,
                                      silence_seconds integer DEFAULT 20)
    RETURNS TABLE (application_name text, client_addr inet, state text, sync_state text, sync_priority integer,
                   timeline integer, sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
                   write_lag interval, flush_lag interval, replay_lag interval, replay_lag_bytes bigint,
                   slot_name name, slot_active boolean, wal_status text, safe_wal_size bigint, retained_bytes bigint,
                   inactive_since timestamptz, backend_start timestamptz, reply_time timestamptz, pid integer,
                   health text, reason text)
    LANGUAGE C VOLATILE ROWS 10 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'list_standbys';
REVOKE ALL ON FUNCTION replica.list_standbys(bigint, bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION replica.list_standbys(bigint, bigint, integer) IS
    'the standbys of this server, also those that only a slot or synchronous_standby_names tells of; so many bytes behind are a warning or critical, and so many seconds without a reply are silence';

CREATE VIEW replica.standbys AS SELECT * FROM replica.list_standbys();
COMMENT ON VIEW replica.standbys IS
    'the standbys of this server with health (ok, warning, critical, unknown) and the reason for it';
COMMENT ON COLUMN replica.standbys.application_name IS
    'name of the standby: of its session, or as synchronous_standby_names lists it';
COMMENT ON COLUMN replica.standbys.client_addr IS
    'IP address it connects from; NULL for a Unix-domain socket';
COMMENT ON COLUMN replica.standbys.state IS
    'startup, catchup, streaming or stopping; NULL while nobody is connected';
COMMENT ON COLUMN replica.standbys.sync_state IS 'async, potential, sync or quorum';
COMMENT ON COLUMN replica.standbys.sync_priority IS
    'place in synchronous_standby_names; 0 when asynchronous, 1 for all in a quorum';
COMMENT ON COLUMN replica.standbys.timeline IS
    'timeline that this server sends, while the standby streams';
COMMENT ON COLUMN replica.standbys.sent_lsn IS 'WAL sent to it';
COMMENT ON COLUMN replica.standbys.write_lsn IS 'WAL that it has written';
COMMENT ON COLUMN replica.standbys.flush_lsn IS 'WAL that it has flushed to disk';
COMMENT ON COLUMN replica.standbys.replay_lsn IS 'WAL that it has replayed';
COMMENT ON COLUMN replica.standbys.write_lag IS
    'time until WAL is written there; 0 when nothing is missing, growing while the standby is silent, NULL when never measured';
COMMENT ON COLUMN replica.standbys.flush_lag IS
    'time until WAL is flushed there; 0 and NULL as for write_lag';
COMMENT ON COLUMN replica.standbys.replay_lag IS
    'time until WAL is replayed there; 0 and NULL as for write_lag';
COMMENT ON COLUMN replica.standbys.replay_lag_bytes IS 'bytes from replay_lsn to the end of WAL here';
COMMENT ON COLUMN replica.standbys.slot_name IS
    'slot that it streams from, or that waits for it; NULL for none';
COMMENT ON COLUMN replica.standbys.slot_active IS 'true while somebody streams from the slot';
COMMENT ON COLUMN replica.standbys.wal_status IS
    'reserved, extended, unreserved or lost: whether the WAL of the slot is still there';
COMMENT ON COLUMN replica.standbys.safe_wal_size IS
    'bytes of WAL that can still be written before the slot may lose WAL; NULL without a bound';
COMMENT ON COLUMN replica.standbys.retained_bytes IS
    'bytes of WAL that the slot keeps from being removed';
COMMENT ON COLUMN replica.standbys.inactive_since IS
    'since when nobody streams from the slot; NULL before PostgreSQL 17';
COMMENT ON COLUMN replica.standbys.backend_start IS 'when its session began';
COMMENT ON COLUMN replica.standbys.reply_time IS 'when it replied last, by the clock of the standby';
COMMENT ON COLUMN replica.standbys.pid IS 'process ID of its session on this server';
COMMENT ON COLUMN replica.standbys.health IS
    'ok, warning, unknown (the caller may not see enough) or critical';
COMMENT ON COLUMN replica.standbys.reason IS 'why health is what it is, worst first';

CREATE FUNCTION replica.describe_node(warning_bytes bigint DEFAULT 16777216, critical_bytes bigint DEFAULT 1073741824)
    RETURNS TABLE (role text, server_version text, system_identifier bigint, timeline integer, current_lsn pg_lsn,
                   receive_lsn pg_lsn, replay_lsn pg_lsn, replay_pause_state text, receiver_status text,
                   sender_host text, sender_port integer, receiver_slot_name name, last_message_time timestamptz,
                   cluster_name text, pending_restart text[], archive_mode text, last_archived_time timestamptz,
                   last_failed_time timestamptz, failed_count bigint, health text, reason text,
                   unreplayed_bytes bigint, last_replay_time timestamptz, replay_wait_event text,
                   synchronous_standby_names text, replay_blocker_pid integer, conflicts bigint)
    LANGUAGE C VOLATILE ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'describe_node';
REVOKE ALL ON FUNCTION replica.describe_node(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION replica.describe_node(bigint, bigint) IS
    'this server itself: primary or standby, its WAL, its health; so many bytes received and not replayed are a warning or critical';

CREATE VIEW replica.node AS SELECT * FROM replica.describe_node();
COMMENT ON VIEW replica.node IS
    'this server itself, one row, with health (ok, warning, critical, unknown) and the reason for it';
COMMENT ON COLUMN replica.node.role IS 'primary or standby';
COMMENT ON COLUMN replica.node.server_version IS 'version of this server';
COMMENT ON COLUMN replica.node.system_identifier IS 'number that a primary and all its standbys share';
COMMENT ON COLUMN replica.node.timeline IS 'timeline that this server writes, or receives';
COMMENT ON COLUMN replica.node.current_lsn IS 'end of WAL; NULL on a standby';
COMMENT ON COLUMN replica.node.receive_lsn IS 'WAL received and flushed; NULL on a primary';
COMMENT ON COLUMN replica.node.replay_lsn IS 'WAL replayed; NULL on a primary';
COMMENT ON COLUMN replica.node.replay_pause_state IS
    'not paused, pause requested or paused; NULL on a primary';
COMMENT ON COLUMN replica.node.receiver_status IS 'state of the WAL receiver; NULL when none runs';
COMMENT ON COLUMN replica.node.sender_host IS
    'host that the WAL receiver is connected to, or directory of its socket';
COMMENT ON COLUMN replica.node.sender_port IS 'port that the WAL receiver is connected to';
COMMENT ON COLUMN replica.node.receiver_slot_name IS
    'slot of the upstream server that the WAL receiver uses; NULL for none';
COMMENT ON COLUMN replica.node.last_message_time IS
    'when the last message of the upstream server arrived, by the clock of this server';
COMMENT ON COLUMN replica.node.cluster_name IS 'setting cluster_name';
COMMENT ON COLUMN replica.node.pending_restart IS
    'names of the settings whose new values wait for a restart';
COMMENT ON COLUMN replica.node.archive_mode IS 'setting archive_mode: off, on or always';
COMMENT ON COLUMN replica.node.last_archived_time IS 'when a WAL file was archived last';
COMMENT ON COLUMN replica.node.last_failed_time IS 'when archiving a WAL file failed last';
COMMENT ON COLUMN replica.node.failed_count IS
    'failed attempts to archive since the statistics were reset';
COMMENT ON COLUMN replica.node.health IS
    'ok, warning, unknown (the caller may not see enough) or critical';
COMMENT ON COLUMN replica.node.reason IS 'why health is what it is, worst first';
COMMENT ON COLUMN replica.node.unreplayed_bytes IS
    'bytes received and not replayed; NULL on a primary';
COMMENT ON COLUMN replica.node.last_replay_time IS
    'commit time of the last transaction replayed, by the clock of the primary; NULL on a primary';
COMMENT ON COLUMN replica.node.replay_wait_event IS
    'what replay waits for while a query is in its way; else NULL';
COMMENT ON COLUMN replica.node.synchronous_standby_names IS 'setting synchronous_standby_names';
COMMENT ON COLUMN replica.node.replay_blocker_pid IS
    'process that replay waits for, see pg_stat_activity; NULL when nothing is in its way, or who it is cannot be seen';
COMMENT ON COLUMN replica.node.conflicts IS
    'queries that replay has cancelled here since the statistics were reset, as pg_stat_database_conflicts counts them; NULL on a primary';

CREATE VIEW replica.health AS
    SELECT n.role, (ARRAY['ok', 'warning', 'unknown', 'critical'])[GREATEST(n.severity, s.severity)] AS health,
           concat_ws('; ', CASE WHEN s.reasons IS NULL OR n.severity > 1 AND n.severity >= s.severity THEN n.reason END,
                     s.reasons, CASE WHEN n.severity > 1 AND n.severity < s.severity THEN n.reason END) AS reason,
           s.standbys, s.streaming, s.replay_lag_bytes, s.replay_lag
      FROM (SELECT role, reason, coalesce(array_position(ARRAY['ok', 'warning', 'unknown', 'critical'], health), 3) AS severity
              FROM replica.node) n
     CROSS JOIN (SELECT count(*)::integer AS standbys, (count(*) FILTER (WHERE state = 'streaming'))::integer AS streaming,
                        max(replay_lag_bytes) AS replay_lag_bytes, max(replay_lag) AS replay_lag,
                        coalesce(max(severity), 1) AS severity,
                        string_agg(concat('standby ', coalesce(application_name, slot_name::text, '-'), ': ', reason), '; '
                                   ORDER BY severity DESC, application_name, slot_name) FILTER (WHERE severity > 1) AS reasons
                   FROM (SELECT *, coalesce(array_position(ARRAY['ok', 'warning', 'unknown', 'critical'], health), 3) AS severity
                           FROM replica.standbys) judged) s;
COMMENT ON VIEW replica.health IS 'the worst of this server and its standbys in one row';
COMMENT ON COLUMN replica.health.role IS 'primary or standby';
COMMENT ON COLUMN replica.health.health IS 'ok, warning, unknown (the caller may not see enough) or critical: the worst of all';
COMMENT ON COLUMN replica.health.reason IS 'why health is what it is, worst first';
COMMENT ON COLUMN replica.health.standbys IS 'rows of replica.standbys';
COMMENT ON COLUMN replica.health.streaming IS 'how many of them stream';
COMMENT ON COLUMN replica.health.replay_lag_bytes IS
    'bytes from what the last of them has replayed to the end of WAL here; NULL when unknown for all';
COMMENT ON COLUMN replica.health.replay_lag IS 'the longest time until WAL is replayed; NULL when never measured';

-- what pg_monitor may see in the catalogues it may see here
GRANT USAGE ON SCHEMA replica TO pg_monitor;
GRANT EXECUTE ON FUNCTION replica.list_slots(), replica.list_standbys(bigint, bigint, integer),
                           replica.describe_node(bigint, bigint), replica.list_replication_roles() TO pg_monitor;
GRANT SELECT ON replica.slots, replica.standbys, replica.node, replica.health, replica.replication_roles TO pg_monitor;

-- Check ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.check(standbys integer DEFAULT 1, role_name text DEFAULT NULL, address text DEFAULT NULL,
                              tls boolean DEFAULT false)
    RETURNS TABLE (name text, status text, detail text, hint text, fix text[])
    LANGUAGE C VOLATILE ROWS 35 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'check';
REVOKE ALL ON FUNCTION replica.check(integer, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION replica.check(integer, text, text, boolean) TO pg_monitor;
COMMENT ON FUNCTION replica.check(integer, text, text, boolean) IS
    'what on this server would stop standbys from being cloned or from following, for a role and an address (NULL or ''local'': Unix-domain socket); one row a check: ok, warning or error, the fact, what mends it, and in fix the statements of that, one by one, where they are all it takes';

-- Marker --------------------------------------------------------------------------------------------------------------

CREATE TABLE replica.marker (
    standby_name text PRIMARY KEY,
    token text NOT NULL,
    written_at timestamptz NOT NULL
);
REVOKE ALL ON TABLE replica.marker FROM PUBLIC;
COMMENT ON TABLE replica.marker IS
    'proof of replication: the last token that write_marker wrote on the primary for each standby';
COMMENT ON COLUMN replica.marker.standby_name IS 'the standby that is to be asked for the token';
COMMENT ON COLUMN replica.marker.token IS 'random, new with each call of write_marker';
COMMENT ON COLUMN replica.marker.written_at IS 'when the token was written, by the clock of the primary';

CREATE FUNCTION replica.write_marker(standby_name text)
    RETURNS TABLE (token text, lsn pg_lsn, written_at timestamptz)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'write_marker';
REVOKE ALL ON FUNCTION replica.write_marker(text) FROM PUBLIC;
COMMENT ON FUNCTION replica.write_marker(text) IS
    'writes a fresh random token for a standby; once read_marker on the standby returns it, the standby replicates';

CREATE FUNCTION replica.read_marker(standby_name text)
    RETURNS TABLE (token text, written_at timestamptz)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'read_marker';
REVOKE ALL ON FUNCTION replica.read_marker(text) FROM PUBLIC;
COMMENT ON FUNCTION replica.read_marker(text) IS
    'the token of a standby as this server has it; no row when none has arrived';

-- Refresh -------------------------------------------------------------------------------------------------------------

CREATE FUNCTION replica.refresh_list()
    RETURNS TABLE (path bytea, kind text, size bigint, tablespace oid, target text)
    LANGUAGE C VOLATILE ROWS 2000 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'refresh_list';
REVOKE ALL ON FUNCTION replica.refresh_list() FROM PUBLIC;
COMMENT ON FUNCTION replica.refresh_list() IS
    'the files that a base backup of this server has, each folder before what is in it: path below the data directory; kind directory, file or tablespace (the link of one, with its oid and where it points); superusers and roles with REPLICATION only';

CREATE FUNCTION replica.refresh_diff(request bytea)
    RETURNS bytea
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'refresh_diff';
REVOKE ALL ON FUNCTION replica.refresh_diff(bytea) FROM PUBLIC;
COMMENT ON FUNCTION replica.refresh_diff(bytea) IS
    'the blocks of files of refresh_list() whose hashes are not those of the request, which pg_replica refresh makes; superusers and roles with REPLICATION only';
