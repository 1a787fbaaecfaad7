-- pg_replica 1.0
\echo Use "CREATE EXTENSION pg_replica" to load this file. \quit

-- The schema must not exist beforehand: its owner could drop or replace what is in it.
CREATE SCHEMA replica;
COMMENT ON SCHEMA replica IS 'pg_replica: replication roles, settings, admission, slots, checks and status';

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
                   retained_bytes bigint, inactive_since timestamptz)
    LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'list_slots';
REVOKE ALL ON FUNCTION replica.list_slots() FROM PUBLIC;
COMMENT ON FUNCTION replica.list_slots() IS
    'every replication slot with the WAL it retains; bytes are counted to the current end of WAL';

CREATE VIEW replica.slots AS SELECT * FROM replica.list_slots();
COMMENT ON VIEW replica.slots IS 'every replication slot with the WAL it retains';
