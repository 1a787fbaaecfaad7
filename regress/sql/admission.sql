CREATE EXTENSION pg_replica;
\set SHOW_CONTEXT never
CREATE ROLE regress_standby LOGIN REPLICATION;
CREATE ROLE "regress Cheese ""x"", #all" LOGIN REPLICATION;
CREATE ROLE regress_unable;
SELECT md5(pg_read_file(current_setting('hba_file'))) AS before \gset

-- a line is added once, where it takes effect, and the server takes it
SELECT rule, changed FROM replica.allow_standby('regress_standby', '192.0.2.7', dry_run => true);
SELECT decision FROM replica.hba_decision('regress_standby', '192.0.2.7');
SELECT rule, changed, note LIKE '%Reloaded: it holds for every connection that starts from now on.' AS reloaded
  FROM replica.allow_standby('regress_standby', '192.0.2.7');
SELECT changed FROM replica.allow_standby('regress_standby', '192.0.2.7');
SELECT decision, rule, auth_method FROM replica.hba_decision('regress_standby', '192.0.2.7');
SELECT decision, auth_method FROM replica.hba_decision('regress_standby', '192.0.2.7', tls => true);
SELECT decision FROM replica.hba_decision('regress_standby', '192.0.2.8');
SELECT l = s AS "local is the socket, as for allow_standby"
  FROM replica.hba_decision('regress_standby', 'local') l, replica.hba_decision('regress_standby', NULL) s;
SELECT decision FROM replica.hba_decision('regress_standby', '192.0.2.7', database => 'postgres');
SELECT type, database, user_name, address, netmask, auth_method, error FROM pg_hba_file_rules
 WHERE 'regress_standby' = ANY (user_name);

-- a decision names the line by the number that the server gives it
SELECT d.line_number = r.line_number AS same_line
  FROM replica.hba_decision('regress_standby', '192.0.2.7') d, pg_hba_file_rules r
 WHERE 'regress_standby' = ANY (r.user_name);

-- addresses go through inet and come out as what they mean
SELECT rule, changed FROM replica.allow_standby('regress_standby', '198.51.100/24', auth_method => 'md5');
SELECT rule, changed FROM replica.allow_standby('regress_standby', '2001:DB8::0007', 'hostnossl');
SELECT rule, changed FROM replica.allow_standby('regress_standby', '203.0.113.9/24', allow_wide => true);
SELECT rule, changed FROM replica.allow_standby('regress_standby', '10.1/7', allow_wide => true, dry_run => true);
SELECT rule FROM replica.allow_standby('regress_standby', 'local', auth_method => 'peer', dry_run => true);
SELECT rule FROM replica.allow_standby('regress_standby', NULL, dry_run => true);

-- a name is one token whatever it holds
SELECT rule, changed FROM replica.allow_standby('regress Cheese "x", #all', '192.0.2.7');
SELECT decision FROM replica.hba_decision('regress Cheese "x", #all', '192.0.2.7');
SELECT decision FROM replica.hba_decision('all', '192.0.2.7');
SELECT user_name FROM pg_hba_file_rules WHERE 'regress Cheese "x", #all' = ANY (user_name);

-- a role that cannot replicate is said to be so
SELECT note LIKE 'The role lacks LOGIN or REPLICATION and cannot replicate yet.%' AS warned
  FROM replica.allow_standby('regress_unable', '192.0.2.7', dry_run => true);

-- what was added is taken out, and nothing else
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '192.0.2.7', dry_run => true);
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '192.0.2.8');
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '192.0.2.7');
SELECT rule, changed, note FROM replica.disallow_standby('regress_standby', '192.0.2.7');
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '198.51.100.0/24');
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '2001:db8::7');
SELECT rule, changed FROM replica.disallow_standby('regress_standby', '203.0.113.0/24');
SELECT rule, changed FROM replica.disallow_standby('regress Cheese "x", #all', '192.0.2.7');
SELECT md5(pg_read_file(current_setting('hba_file'))) = :'before' AS "as it was";

-- addresses that are refused
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7/24');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', '0.0.0.0/0');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', '2000::/3');
SELECT * FROM replica.allow_standby('regress_standby', 'localhost');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', 'all');
SELECT * FROM replica.allow_standby('regress_standby', 'samenet');
SELECT * FROM replica.allow_standby('regress_standby', '2130706433/32');
SELECT * FROM replica.allow_standby('regress_standby', '010.0.0.1/8');
SELECT * FROM replica.allow_standby('regress_standby', '10.0.0.1/32 trust #');
SELECT * FROM replica.allow_standby('regress_standby', E'10.0.0.1/32\nhost all all 0.0.0.0/0 trust');
SELECT * FROM replica.allow_standby('regress_standby', '');
SELECT * FROM replica.hba_decision('regress_standby', '192.0.2.0/24');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.hba_decision('regress_standby', 'nowhere');

-- names that are refused
SELECT * FROM replica.allow_standby(NULL, '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby(E'x\nhost all all 0.0.0.0/0 trust #', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby(repeat('x', 64), '192.0.2.7');
SELECT * FROM replica.allow_standby('Regress_Standby', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_nobody', '192.0.2.7');
SELECT * FROM replica.disallow_standby(E'a\tb', '192.0.2.7');

-- types and methods that are refused
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7', 'HOST');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7', 'local');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', 'local', 'hostssl');
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7', auth_method => 'trust');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7', auth_method => 'cert');
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7', auth_method => E'md5\n');

-- not where a ROLLBACK would be expected to undo it
BEGIN;
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
SELECT * FROM replica.disallow_standby('regress_standby', '192.0.2.7');
ROLLBACK;

-- rights: all that are missing are named at once
SET ROLE regress_unable;
SELECT * FROM replica.hba_decision('regress_standby', '192.0.2.7');
RESET ROLE;
GRANT USAGE ON SCHEMA replica TO regress_unable;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA replica TO regress_unable;
SET ROLE regress_unable;
SELECT * FROM replica.hba_decision('regress_standby', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.disallow_standby('regress_standby', '192.0.2.7');
RESET ROLE;
GRANT SELECT ON pg_hba_file_rules TO regress_unable;
GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO regress_unable;
SET ROLE regress_unable;
SELECT decision FROM replica.hba_decision('regress_standby', '192.0.2.7');
SELECT * FROM replica.allow_standby('regress_standby', '192.0.2.7');
RESET ROLE;
GRANT pg_write_server_files TO regress_unable;
GRANT EXECUTE ON FUNCTION pg_reload_conf() TO regress_unable;
SET ROLE regress_unable;
SELECT changed FROM replica.allow_standby('regress_standby', '192.0.2.7');
SELECT changed FROM replica.disallow_standby('regress_standby', '192.0.2.7');
RESET ROLE;

SELECT md5(pg_read_file(current_setting('hba_file'))) = :'before' AS "as it was";
SELECT has_function_privilege('public', oid, 'EXECUTE') AS public_may, oid::regprocedure
  FROM pg_proc WHERE pronamespace = 'replica'::regnamespace AND proname IN ('allow_standby', 'disallow_standby', 'hba_decision') ORDER BY 2;
DROP EXTENSION pg_replica;
REVOKE ALL ON pg_hba_file_rules FROM regress_unable;
REVOKE ALL ON FUNCTION pg_hba_file_rules(), pg_reload_conf() FROM regress_unable;
DROP ROLE regress_standby, regress_unable, "regress Cheese ""x"", #all";
