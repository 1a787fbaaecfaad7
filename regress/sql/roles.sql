CREATE EXTENSION pg_replica;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'SQL, DMY';

-- a new role has LOGIN and REPLICATION and nothing else; a plain password becomes a SCRAM verifier whatever the
-- session asks for, and a second call changes nothing
SET password_encryption = 'md5';
SELECT * FROM replica.create_role('regress_replica', 'it''s a "secret" \ käse');
SELECT * FROM replica.create_role('regress_replica', 'it''s a "secret" \ käse');
SELECT rolcanlogin, rolreplication, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolconnlimit, rolvaliduntil,
       left(rolpassword, 14) AS kind, shobj_description(oid, 'pg_authid') AS comment
  FROM pg_authid WHERE rolname = 'regress_replica';
SHOW password_encryption;

-- what a role of ours lost is given back, and what it never had is added
ALTER ROLE regress_replica NOLOGIN NOREPLICATION CONNECTION LIMIT 2 VALID UNTIL '2020-01-01';
SELECT * FROM replica.create_role('regress_replica');
\echo :LAST_ERROR_SQLSTATE
SELECT rolcanlogin, rolreplication FROM pg_roles WHERE rolname = 'regress_replica';
SELECT * FROM replica.create_role('regress_replica', 'another', 5, '2090-06-01 00:00+00');
SELECT * FROM replica.create_role('regress_replica', NULL, -1, 'infinity');
SELECT * FROM replica.create_role('regress_replica', 'another', 5, '2090-06-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_replica CONNECTION LIMIT 0;
SELECT attribute, after, note FROM replica.create_role('regress_replica') WHERE attribute = 'connection_limit';

-- a SCRAM verifier is stored as it is; another one replaces it
\set verifier 'SCRAM-SHA-256$4096:ZwwMcOY/fgZ6Hy9KzdM9Dw==$cd9hTzi0xB6grrIzIGZ4sUnuC5XHwKPvdhrW2Pp0TYQ=:dVsk6eBgDYD01Ok1hnJ3cg3OgVYfwcOL0l1lR4Rqmro='
SELECT attribute, before, after, changed FROM replica.create_role('regress_replica', :'verifier') WHERE attribute = 'password';
SELECT rolpassword = :'verifier' AS "stored as given" FROM pg_authid WHERE rolname = 'regress_replica';
SELECT attribute, before, after, changed FROM replica.create_role('regress_replica', :'verifier') WHERE attribute = 'password';
SELECT attribute, before, after, changed FROM replica.create_role('regress_replica') WHERE attribute = 'password';

-- passwords and limits that would lock the standby out
SELECT * FROM replica.create_role('regress_other', '');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', E'a\nb');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', 'md5' || md5('x'));
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', left(:'verifier', -5));
\echo :LAST_ERROR_SQLSTATE
-- what the server would take as a verifier, and reckon with for hours at each login
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', '1000001'));
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', '2147483647'));
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', '4294967297'));
\set VERBOSITY default
-- what it would take although nobody wrote it so
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', '-4096'));
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', '0'));
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', '4096', ' 4096'));
SELECT * FROM replica.create_role('regress_other', replace(:'verifier', 'ZwwMcOY/fgZ6Hy9KzdM9Dw==', ''));
\set VERBOSITY default
-- the verifier of the empty password, salt of 16 zero bytes
SELECT * FROM replica.create_role('regress_other',
    'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$0xMhqAK40OCOdYhojcLUZeSMUOEvuUTKEl4DUl9gtuY=:T91QzwAuamaQklxzLHUAx6O/tGW9Dmx80uUBuGnEIjo=');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', NULL, 0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', NULL, -2);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_other', NULL, NULL, '2020-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) AS "nothing was created" FROM pg_roles WHERE rolname = 'regress_other';

-- names that are none, and names that only look odd
SELECT * FROM replica.create_role(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('pg_regress_replica');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role(E'regress_x\nhost all all 0.0.0.0/0 trust #');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.create_role('regress_' || repeat('x', 56));
\echo :LAST_ERROR_SQLSTATE
\a
\t
SELECT n, r.attribute, r.after, r.note
  FROM unnest(ARRAY['regress_Replica', 'regress_"a" ''b'' \ %', 'regress_käse', 'regress_' || repeat('x', 55)]) AS n,
       replica.create_role(n) AS r WHERE r.attribute = 'password';
SELECT count(*) FROM pg_roles WHERE rolname IN ('regress_Replica', 'regress_"a" ''b'' \ %', 'regress_käse',
                                                'regress_' || repeat('x', 55)) AND rolreplication;
SELECT d.* FROM unnest(ARRAY['regress_Replica', 'regress_"a" ''b'' \ %', 'regress_käse', 'regress_' || repeat('x', 55)]) AS n,
       replica.drop_role(n) AS d;
\t
\a

-- a role that somebody else made is good as it is, or is left alone
CREATE ROLE regress_foreign LOGIN REPLICATION PASSWORD NULL;
SELECT attribute, before, after, changed FROM replica.create_role('regress_foreign');
SELECT * FROM replica.create_role('regress_foreign', 'secret');
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_foreign NOLOGIN NOREPLICATION CONNECTION LIMIT 0 VALID UNTIL '2020-01-01';
SELECT * FROM replica.create_role('regress_foreign', 'secret', 5, 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT rolcanlogin, rolreplication, rolconnlimit, rolpassword FROM pg_authid WHERE rolname = 'regress_foreign';
SELECT * FROM replica.drop_role('regress_foreign');
\echo :LAST_ERROR_SQLSTATE
COMMENT ON ROLE regress_foreign IS 'pg_replica: replication role';
SELECT attribute, before, after, changed FROM replica.create_role('regress_foreign', 'secret', 5, 'infinity');

-- the comment is no proof: others may have set it. Whoever can act as the role would get what is given to it
CREATE ROLE "regress_Owner" CREATEROLE;
CREATE ROLE regress_member;
CREATE ROLE regress_held;
COMMENT ON ROLE regress_held IS 'pg_replica: replication role';
GRANT regress_held TO "regress_Owner" WITH ADMIN OPTION;
SELECT * FROM replica.create_role('regress_held', 'secret');
\echo :LAST_ERROR_SQLSTATE
GRANT regress_held TO regress_member;
ALTER ROLE regress_held LOGIN;
SELECT * FROM replica.create_role('regress_held');
\echo :LAST_ERROR_SQLSTATE
SELECT rolcanlogin, rolreplication, rolpassword FROM pg_authid WHERE rolname = 'regress_held';
-- without the option the member can still SET ROLE; a superuser as member can do no more than before
REVOKE "regress_held" FROM "regress_Owner" CASCADE;
SELECT * FROM replica.create_role('regress_held');
\echo :LAST_ERROR_SQLSTATE
REVOKE "regress_held" FROM "regress_member" CASCADE;
ALTER ROLE "regress_Owner" SUPERUSER;
GRANT regress_held TO "regress_Owner" WITH ADMIN OPTION;
SELECT attribute, before, after FROM replica.create_role('regress_held', 'secret') WHERE changed;
-- what has both already is given nothing
GRANT regress_held TO regress_member;
SELECT count(*) AS "rows, as nothing is given" FROM replica.create_role('regress_held', 'secret');
SELECT changed FROM replica.drop_role('regress_held');
DROP ROLE "regress_Owner", regress_member;

-- superusers are never touched, not even with our comment
ALTER ROLE regress_foreign SUPERUSER;
SELECT * FROM replica.create_role('regress_foreign');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.drop_role('regress_foreign');
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_foreign NOSUPERUSER;
SELECT * FROM replica.drop_role('regress_foreign');
SELECT * FROM replica.drop_role('regress_foreign');
SELECT * FROM replica.drop_role(NULL);
\echo :LAST_ERROR_SQLSTATE

-- the transaction's: rolled back with it, refused when it is read-only
BEGIN;
SELECT count(*) FROM replica.create_role('regress_undone', 'secret');
ROLLBACK;
SELECT count(*) AS "left of it" FROM pg_roles WHERE rolname = 'regress_undone';
BEGIN READ ONLY;
SELECT * FROM replica.create_role('regress_undone');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- a role that owns something stays
GRANT CREATE ON SCHEMA public TO regress_replica;
SELECT * FROM replica.drop_role('regress_replica');
\echo :LAST_ERROR_SQLSTATE
REVOKE CREATE ON SCHEMA public FROM regress_replica;

-- nobody may call it who was not allowed to; who was allowed still needs the rights, and cannot guess passwords with it
CREATE ROLE regress_nobody;
GRANT USAGE ON SCHEMA replica TO regress_nobody;
SET ROLE regress_nobody;
SELECT * FROM replica.create_role('regress_other');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.drop_role('regress_replica');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.create_role, replica.drop_role TO regress_nobody;
SET ROLE regress_nobody;
\set VERBOSITY sqlstate
SELECT * FROM replica.create_role('regress_other');
SELECT * FROM replica.create_role('regress_replica', :'verifier');
SELECT * FROM replica.create_role('regress_replica', 'wrong');
SELECT * FROM replica.drop_role('regress_replica');
\set VERBOSITY default
SELECT count(*) AS "rows, as nothing needs to change" FROM replica.create_role('regress_replica');
RESET ROLE;

SELECT * FROM replica.drop_role('regress_replica');
DROP EXTENSION pg_replica;
DROP ROLE regress_nobody;
