CREATE EXTENSION pg_replica;
\set SHOW_CONTEXT never

-- nobody is named, nobody is connected: one row says so
SELECT * FROM replica.synchronous_standbys();
SELECT required, confirming, commits_wait, changed, note FROM replica.set_synchronous_standbys('{}');

-- what would make every commit wait is refused, also in a dry run
SELECT * FROM replica.set_synchronous_standbys('{standby1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys('{standby1}', dry_run => true);
\echo :LAST_ERROR_SQLSTATE

-- unless it is meant; the call itself waits for nobody, and neither does its undo; odd names are quoted
SELECT * FROM replica.set_synchronous_standbys(ARRAY['standby1', 'a "b", c'], 'any', 2, dry_run => true, allow_waiting => true);
SHOW synchronous_standby_names;
SELECT * FROM replica.set_synchronous_standbys(ARRAY['standby1', 'a "b", c'], 'any', 2, allow_waiting => true);
SELECT changed, note FROM replica.set_synchronous_standbys(ARRAY['standby1', 'a "b", c'], 'ANY', 2);
SELECT * FROM replica.synchronous_standbys();
SELECT name, before, set_to FROM replica.setting_history;

-- nobody is left only when that is meant
SELECT * FROM replica.set_synchronous_standbys('{}');
\echo :LAST_ERROR_SQLSTATE
SELECT before, in_effect, changed, note FROM replica.set_synchronous_standbys('{}', allow_none => true);
SELECT name, before, set_to FROM replica.setting_history;
SELECT name, asked, in_effect, changed, note FROM replica.reset_settings();

-- what was there comes back, but not where commits would wait for it
SET synchronous_commit = local;
SELECT in_effect FROM replica.set_synchronous_standbys('{gone}', allow_waiting => true);
DELETE FROM replica.setting_history;
SELECT before, in_effect, changed, note FROM replica.set_synchronous_standbys('{}', allow_none => true);
SELECT * FROM replica.reset_settings();
\echo :LAST_ERROR_SQLSTATE
ALTER SYSTEM RESET synchronous_standby_names;
SELECT name, asked, in_effect, changed, note FROM replica.reset_settings();
SELECT pg_reload_conf();
RESET synchronous_commit;

-- what is no name, method or number
SELECT * FROM replica.set_synchronous_standbys(ARRAY['standby1', '']);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY[E'a\nb']);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY[repeat('x', 64)]);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY['a', 'A']);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY['a'], 'SOME');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY['a'], num_sync => 2);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM replica.set_synchronous_standbys(ARRAY['a', NULL]);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM replica.set_synchronous_standbys(NULL);
SELECT * FROM replica.set_synchronous_standbys(ARRAY['a'], NULL);
BEGIN;
SELECT * FROM replica.set_synchronous_standbys('{}');
ROLLBACK;
\set VERBOSITY default

-- rights come first, all at once
CREATE ROLE regress_nobody;
GRANT USAGE ON SCHEMA replica TO regress_nobody;
SET ROLE regress_nobody;
\set VERBOSITY sqlstate
SELECT * FROM replica.synchronous_standbys();
SELECT * FROM replica.set_synchronous_standbys('{}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION replica.set_synchronous_standbys TO regress_nobody;
SET ROLE regress_nobody;
SELECT * FROM replica.set_synchronous_standbys('{}');
\set VERBOSITY default
RESET ROLE;
SELECT count(*) AS "nothing written" FROM pg_file_settings WHERE name = 'synchronous_standby_names';
DROP EXTENSION pg_replica;
DROP ROLE regress_nobody;
