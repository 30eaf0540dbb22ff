# Whose schema the extension is made in: one that others own, or put something into, is refused.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN; CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN');

my $databases = 0;

# A fresh database in which these statements have run.
sub database
{
	my ($statements, $owner) = @_;
	my $name = 'd' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $name" . ($owner ? " OWNER $owner" : ''));
	$node->safe_psql($name, "GRANT CREATE ON DATABASE $name TO mallory; $statements");
	return $name;
}

sub refused
{
	my ($what, $statements, $message) = @_;
	my $database = database($statements);
	for my $create ('CREATE EXTENSION cdp', 'CREATE EXTENSION IF NOT EXISTS cdp WITH SCHEMA cdp;', 'SET row_security = off; CREATE EXTENSION cdp SCHEMA cdp;')
	{
		my ($status, $output, $errors) = $node->psql($database, $create);
		like($errors, $message, "$what: $create");
	}
	is($node->safe_psql($database, q{SELECT count(*) FROM pg_extension WHERE extname = 'cdp'}), '0', "$what: nothing is left");
	return;
}

my $belongs = qr/ERROR:  schema cdp belongs to role "mallory"/;
my $by_mallory = 'SET ROLE mallory; CREATE SCHEMA cdp';
refused('a schema of another', "$by_mallory; RESET ROLE", $belongs);
refused('one with things in it', "$by_mallory; CREATE FUNCTION cdp.f() RETURNS int LANGUAGE sql RETURN 1", $belongs);
refused('one given away', 'CREATE SCHEMA cdp; ALTER SCHEMA cdp OWNER TO mallory', $belongs);

# what a role may have put into a schema of the superuser's
my $open = 'CREATE SCHEMA cdp; GRANT ALL ON SCHEMA cdp TO mallory; SET ROLE mallory';
my %hostile = (
	'function cdp.now()' => 'CREATE FUNCTION cdp.now() RETURNS timestamptz LANGUAGE sql RETURN NULL::timestamptz',
	'function cdp.add_event_month\(timestamp with time zone\)' => q{CREATE FUNCTION cdp.add_event_month(timestamptz) RETURNS void LANGUAGE sql AS ''},
	'operator cdp.=\(integer,bigint\)' => 'CREATE OPERATOR cdp.= (FUNCTION = int48eq, LEFTARG = integer, RIGHTARG = bigint)',
	'table cdp.state' => 'CREATE TABLE cdp.state (x int)',
	'table cdp.event_2030_01' => 'CREATE TABLE cdp.event_2030_01 (x int)',
	'view cdp.profiles' => 'CREATE VIEW cdp.profiles AS SELECT 1 AS x',
	'type cdp.mood' => q{CREATE TYPE cdp.mood AS ENUM ('good')},
	'type cdp.whole' => 'CREATE DOMAIN cdp.whole AS int',
	'type cdp.pair' => 'CREATE TYPE cdp.pair AS (x int, y int)',
	'sequence cdp.s' => 'CREATE SEQUENCE cdp.s',
	'collation cdp.c' => 'CREATE COLLATION cdp.c FROM pg_catalog."C"',
	'conversion cdp.u' => q{CREATE CONVERSION cdp.u FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8},
	'text search configuration cdp.t' => 'CREATE TEXT SEARCH CONFIGURATION cdp.t (COPY = pg_catalog.simple)',
	'text search dictionary cdp.d' => 'CREATE TEXT SEARCH DICTIONARY cdp.d (TEMPLATE = pg_catalog.simple)');
for my $object (sort keys %hostile)
{
	refused($object, "$open; $hostile{$object}", qr/ERROR:  schema cdp holds an object that is not part of cdp: $object/);
}
refused('of whatever owner', 'CREATE SCHEMA cdp; CREATE FUNCTION cdp.f() RETURNS int LANGUAGE sql RETURN 1', qr/holds an object that is not part of cdp: function cdp.f\(\)/);
refused('what is none of our tables', 'CREATE SCHEMA cdp; CREATE TABLE cdp.mine (x int)', qr/holds an object that is not part of cdp: table cdp.mine/);

# who may put things there later is named
{
	my $database = database('CREATE SCHEMA cdp; GRANT CREATE ON SCHEMA cdp TO mallory, PUBLIC; GRANT USAGE ON SCHEMA cdp TO app');
	my ($status, $output, $errors) = $node->psql($database, 'CREATE EXTENSION cdp');
	is($status, 0, 'a schema in which others may create objects');
	like($errors, qr/WARNING:  others may create objects in schema cdp: PUBLIC, mallory\n/, 'is warned of');
}
# what could not be called is in nobody's way
for my $harmless ('CREATE SCHEMA cdp; ALTER DEFAULT PRIVILEGES IN SCHEMA cdp GRANT SELECT ON TABLES TO app',
	"SET client_min_messages = error; CREATE SCHEMA cdp; CREATE PUBLICATION p FOR TABLES IN SCHEMA cdp")
{
	my $database = database($harmless);
	my ($status, $output, $errors) = $node->psql($database, 'CREATE EXTENSION cdp');
	is("$status$errors", '0', $harmless);
}

# whose schema it may be
for my $mine ('CREATE SCHEMA cdp', 'CREATE SCHEMA cdp AUTHORIZATION owner', 'CREATE SCHEMA cdp AUTHORIZATION pg_database_owner',
	'CREATE ROLE chief SUPERUSER; CREATE SCHEMA cdp AUTHORIZATION chief', 'CREATE SCHEMA cdp; GRANT ALL ON SCHEMA cdp TO app')
{
	my $database = database($mine, 'owner');
	$node->safe_psql($database, 'CREATE EXTENSION cdp; SELECT cdp.init()');
	is($node->safe_psql($database, q{SELECT count(*) FROM cdp_data.state}), '1', $mine);
}

# what DROP EXTENSION leaves does not stand in the way, months and detached months included
for my $owner ('postgres', 'owner')
{
	my $database = database('CREATE EXTENSION cdp', 'owner');
	$node->safe_psql($database, qq{
		SELECT cdp.init('$owner');
		SELECT cdp.grant_access('app', 'writer', '{web}'), cdp.grant_access('mallory', 'steward');
		INSERT INTO cdp.inbox (user_id, event) VALUES ('u1', 'x');
		SELECT cdp_data.add_event_month('2020-01-01'), cdp_data.add_event_month('2020-02-01');
		SELECT cdp.refresh(), cdp.create_segment('s', 'events > 0');
		ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2020_01;
		DROP EXTENSION cdp CASCADE;
		CREATE EXTENSION cdp});
	for my $call ('cdp.init()', 'cdp.refresh()', 'cdp.verify()')
	{
		my ($status, $output, $errors) = $node->psql($database, "SELECT $call");
		like($errors, qr/the tables of cdp are incomplete.*begin again from the log/s, "$call over tables of $owner that lost columns");
	}
	# as the hint has it
	$node->safe_psql($database, qq{
		INSERT INTO cdp.inbox (user_id, event) VALUES ('u2', 'x');
		DROP EXTENSION cdp; ALTER SCHEMA cdp RENAME TO cdp_lost; ALTER SCHEMA cdp_data RENAME TO cdp_lost_data;
		CREATE EXTENSION cdp; SELECT cdp.init('$owner');
		INSERT INTO cdp.inbox (type, user_id, event, "timestamp") SELECT type, user_id, event, "timestamp" FROM cdp_lost_data.event;
		INSERT INTO cdp.inbox (type, user_id, event) SELECT type, user_id, event FROM cdp_lost.inbox;
		SELECT cdp.refresh()});
	is($node->safe_psql($database, q{SELECT string_agg(array_to_string(identifiers, ' '), ', ' ORDER BY identifiers) FROM cdp.profiles}),
		'user_id:u1, user_id:u2', 'begun again from the log');
}

# tables that cdp.init() did not make: each is a view that runs a function of mallory's
{
	my $made = database('CREATE EXTENSION cdp; SELECT cdp.init()');
	my $views = $node->safe_psql($made, q{
		SELECT string_agg(format('CREATE VIEW cdp_data.%I AS SELECT %s WHERE cdp_data.evil();', c.relname,
			(SELECT string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum)
			 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)), ' ')
		FROM pg_class c WHERE c.relnamespace = 'cdp_data'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition});
	my $database = database(qq{
		CREATE EXTENSION cdp; GRANT USAGE ON SCHEMA cdp TO mallory; SET ROLE mallory; CREATE SCHEMA cdp_data;
		CREATE FUNCTION cdp_data.evil() RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN RAISE WARNING 'evil as %', current_user; RETURN false; END \$\$; $views});
	my @calls = split /\n/, $node->safe_psql($database, q{
		SELECT format('SELECT cdp.%I(%s)', p.proname, (
			SELECT string_agg(format('%s %L::%s', CASE WHEN p.provariadic <> 0 AND t.place = p.pronargs THEN 'VARIADIC' END, CASE format_type(t.oid, NULL) WHEN 'bigint' THEN '1' WHEN 'integer' THEN '1' WHEN 'boolean' THEN 'true'
				WHEN 'jsonb' THEN '{}' WHEN 'text[]' THEN '{x,y}' WHEN 'cdp.step[]' THEN '{x,y}' WHEN 'bigint[]' THEN '{1}' WHEN 'interval' THEN '1 hour' WHEN 'name' THEN 'mallory'
				WHEN 'double precision' THEN '0.1' WHEN 'timestamp with time zone' THEN '2026-01-01' WHEN 'regclass' THEN 'cdp_data.state' ELSE 'user_id:u' END, t.oid::regtype), ', ' ORDER BY t.place)
			FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (oid, place) WHERE t.place <= p.pronargs - p.pronargdefaults))
		FROM pg_proc p WHERE p.pronamespace = 'cdp'::regnamespace AND p.prokind = 'f' AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
		-- those of conditions alone read none
		AND p.proname NOT IN ('in_segment', 'members_in', 'computed', 'ingest', 'preview_rules', 'retention_table', 'trend_table', 'lifecycle_table', 'stickiness_table', 'rfm_table')});
	cmp_ok(scalar @calls, '>', 30, 'functions that read tables');
	my $refusal = qr/ERROR:  schema cdp_data belongs to role "mallory", which may not create objects in schema cdp/;
	for my $call ('SELECT cdp.init()', q{SELECT cdp.profile_of('1')}, q{SELECT cdp.resolve_profile('1')}, q{SELECT cdp.lookup('1')}, q{SELECT cdp.explain('1', '2')},
		q{SELECT cdp.preview_rules('{"email": {}}')}, q{SELECT * FROM cdp.retention_table('x', 'y', 'day', 'UTC')}, q{SELECT * FROM cdp.paths('x')},
		q{SELECT * FROM cdp.trend_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01')}, q{SELECT * FROM cdp.lifecycle_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01')},
		q{SELECT * FROM cdp.stickiness_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01')}, q{SELECT * FROM cdp.rfm_table('x', 'n')}, @calls)
	{
		my ($status, $output, $errors) = $node->psql($database, $call);
		like($errors, $refusal, $call);
		unlike($errors, qr/evil/, 'and nothing ran');
	}
	# a role that may create objects in schema cdp can run code as anyone already
	$node->safe_psql($database, 'GRANT CREATE ON SCHEMA cdp TO mallory');
	my ($status, $output, $errors) = $node->psql($database, 'SELECT cdp.trait_rules()');
	like($errors, qr/WARNING:  evil as postgres/, 'the owner of the tables is trusted');
}

# the owner that a dump gives the schema is there before the extension is
for my $right ('', 'GRANT CREATE ON DATABASE postgres TO app')
{
	my $database = database('CREATE EXTENSION cdp; SELECT cdp.init()');
	load_events($node, 100, 0, $database);
	$node->safe_psql($database, 'SELECT cdp.refresh(); ALTER SCHEMA cdp OWNER TO app');
	for my $format ('plain', 'custom')
	{
		my $dump = $node->basedir . "/$database.$format";
		my $copy = database($right ? 'GRANT CREATE ON DATABASE d' . ($databases + 1) . ' TO app' : '');
		$node->command_ok([ 'pg_dump', "--format=$format", '-f', $dump, $node->connstr($database) ], "dump, $format");
		$node->command_ok($format eq 'plain' ? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr($copy) ]
			: [ 'pg_restore', '--exit-on-error', '-d', $node->connstr($copy), $dump ], "restore, $format");
		is(digest($node, $copy), digest($node, $database), 'all is there');
		is($node->safe_psql($copy, q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'cdp'}), 'app', 'and the owner of the schema');
	}
}

$node->stop;
done_testing();
