CREATE EXTENSION pg_replica;
\set SHOW_CONTEXT never

-- a role of its own, with the four grants of pg_rewind and nothing else
SELECT * FROM replica.create_rewind_role('regress_rewind', 'secret words');
SELECT rolsuper, rolreplication, rolcanlogin, left(rolpassword, 14), shobj_description(oid, 'pg_authid')
  FROM pg_authid WHERE rolname = 'regress_rewind';
SELECT attribute, changed FROM replica.create_rewind_role('regress_rewind', 'secret words');
SELECT attribute FROM replica.create_rewind_role('regress_rewind', 'other words') WHERE changed;
SET ROLE regress_rewind;
SELECT length(pg_read_binary_file('PG_VERSION')) AS "reads files";
\set VERBOSITY sqlstate
SELECT pg_read_file('PG_VERSION');
SELECT * FROM replica.create_rewind_role('regress_rewind');
RESET ROLE;
\set VERBOSITY default

-- it is no replication role, and the other way round
SELECT * FROM replica.create_role('regress_rewind');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM replica.create_role('regress_rep', 'secret words');
SELECT * FROM replica.create_rewind_role('regress_rep');
\echo :LAST_ERROR_SQLSTATE
CREATE ROLE regress_other;
SELECT * FROM replica.create_rewind_role('regress_other');
\echo :LAST_ERROR_SQLSTATE

-- the comment alone gets nobody the grants: not with an old password, and not in the hands of others
COMMENT ON ROLE regress_other IS 'pg_replica: rewind role';
SELECT * FROM replica.create_rewind_role('regress_other');
\echo :LAST_ERROR_SQLSTATE
CREATE ROLE regress_member;
GRANT regress_other TO regress_member;
SELECT * FROM replica.create_rewind_role('regress_other', 'secret words');
\echo :LAST_ERROR_SQLSTATE
REVOKE regress_other FROM regress_member;
SELECT attribute, before, after FROM replica.create_rewind_role('regress_other', 'secret words') WHERE changed;

-- who can replicate: it cannot
SELECT * FROM replica.replication_roles WHERE role_name::text ~ '^regress_';
ALTER ROLE regress_rep CONNECTION LIMIT 0 VALID UNTIL '2020-01-01 00:00:00+00';
SELECT password, connection_limit, created_by_pg_replica, meaning FROM replica.replication_roles WHERE role_name = 'regress_rep';
SET client_min_messages = error; -- md5 is deprecated since 18
SET password_encryption = 'md5';
ALTER ROLE regress_rep PASSWORD 'secret words' CONNECTION LIMIT -1 VALID UNTIL 'infinity';
SELECT password, meaning FROM replica.replication_roles WHERE role_name = 'regress_rep';
ALTER ROLE regress_rep PASSWORD NULL;
SELECT password, meaning FROM replica.replication_roles WHERE role_name = 'regress_rep';
ALTER ROLE regress_rep NOLOGIN;
SELECT login, meaning FROM replica.replication_roles WHERE role_name = 'regress_rep';
SELECT superuser, meaning FROM replica.replication_roles WHERE role_name = current_user;
GRANT pg_monitor TO regress_member;
SET ROLE regress_member;
SELECT password IS NULL AS "not to be seen", meaning FROM replica.replication_roles WHERE role_name = 'regress_rep';
RESET ROLE;
REVOKE pg_monitor FROM regress_member;

-- refused: names, passwords, callers; rolled back with its transaction
\set VERBOSITY sqlstate
SELECT * FROM replica.create_rewind_role(NULL);
SELECT * FROM replica.create_rewind_role('pg_rewind');
SELECT * FROM replica.create_rewind_role('regress_new', '');
SELECT * FROM replica.create_rewind_role(current_user);
GRANT USAGE ON SCHEMA replica TO regress_member;
SET ROLE regress_member;
SELECT * FROM replica.create_rewind_role('regress_new');
SELECT * FROM replica.replication_roles;
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.create_rewind_role, replica.drop_role TO regress_member;
ALTER ROLE regress_member CREATEROLE;
SET ROLE regress_member;
SELECT * FROM replica.create_rewind_role('regress_new');
SELECT * FROM replica.drop_role('regress_rewind');
RESET ROLE;
\set VERBOSITY default
BEGIN;
SELECT count(*) FROM replica.create_rewind_role('regress_new');
ROLLBACK;
SELECT count(*) AS "rolled back" FROM pg_roles WHERE rolname = 'regress_new';

-- dropped together with its grants
SELECT * FROM replica.drop_role('regress_rewind');
SELECT * FROM replica.drop_role('regress_rewind');
SELECT * FROM replica.drop_role('regress_other');
SELECT * FROM replica.drop_role('regress_rep');
DROP EXTENSION pg_replica;
DROP ROLE regress_member;
