# The extension's files are installed, its objects appear with CREATE EXTENSION and leave with DROP EXTENSION.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');

is($primary->psql("SELECT default_version FROM pg_available_extensions WHERE name = 'pg_replica'"),
	'1.0', 'the server finds the control file, version 1.0');
ok(defined $primary->psql('CREATE EXTENSION pg_replica'), 'CREATE EXTENSION succeeds');

is($primary->psql(q{
	SELECT string_agg(pg_describe_object(classid, objid, objsubid), ', ')
	  FROM pg_depend
	 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_replica')
	   AND classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
	   AND obj_description(objid, classid::regclass::name) IS NULL}),
	'', 'every object of the extension has a comment');
is($primary->psql(q{
	SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
	 WHERE pronamespace = 'replica'::regnamespace
	   AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)}),
	'', 'every function pins search_path');
is($primary->psql(q{
	SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
	 WHERE pronamespace = 'replica'::regnamespace AND prosecdef}),
	'', 'no function runs with the rights of its owner');

isnt($primary->psql('SELECT count(*) FROM replica.slots'), undef, 'a view can be read');
ok(defined $primary->psql('DROP EXTENSION pg_replica'), 'DROP EXTENSION succeeds');
is($primary->psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'replica'"), '0', 'nothing is left of it');
ok(!defined $primary->psql('SELECT * FROM replica.slots'), 'what is gone gives an error');

done_testing();
