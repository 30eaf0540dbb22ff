# Segments while they are defined anew: readers get the old one, the new one, or that there is none; a cancel is the
# caller's; and on a standby a segment that fails harms no other.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 8;
my $node = new_platform('primary', allows_streaming => 1, settings => "deadlock_timeout = 100ms\nmax_connections = 40\n");
load_events($node, 300);
$node->safe_psql('postgres', q{
	INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, '{"seen": 3}' FROM generate_series(0, 40) i;
	SELECT cdp.refresh(); SELECT cdp.create_segment('always', 'true');
	-- what a statement may meet while others define segments
	CREATE FUNCTION run(statement text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE statement;
	EXCEPTION
		WHEN undefined_object THEN
			IF SQLERRM !~ '^segment "s[0-3]" does not exist$' THEN RAISE; END IF;
		WHEN duplicate_object THEN
			IF SQLERRM !~ '^segment "s[0-3]" already exists$' THEN RAISE; END IF;
	END $$});
my %scripts = (
	make => [2, q{SELECT run(format('SELECT cdp.create_segment(%L, %L)', 's' || :n, 'events > ' || :k));}],
	replace => [2, q{SELECT run(format('SELECT cdp.create_segment(%L, %L, replace => true)', 's' || :n, '(traits->>''seen'')::int > ' || :k));}],
	drop => [1, q{SELECT run(format('SELECT cdp.drop_segment(%L)', 's' || :n));}],
	members => [2, q{SELECT run(format('SELECT count(*) FROM cdp.members(%L)', 's' || :n));}],
	is_member => [1, q{SELECT run(format('SELECT cdp.is_member(%L, %s)', 's' || :n, :k));}],
	look => [2, q{SELECT 1 / coalesce(cdp.lookup('user_id:u3') -> 'segments' ? 'always', false)::int;}],
	table => [1, q{SELECT run(format('SELECT count(*) FROM cdp.paths(segment => %L)', 's' || :n));}],
	verify => [1, q{SELECT 1 / (count(*) = 0)::int FROM cdp.verify() WHERE stage <> 'segment';}],
	refresh => [1, q{INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'u' || :k, '{"seen": 3}'); SELECT cdp.refresh();}]);
my %runs;
for my $name (sort keys %scripts)
{
	my ($clients, $text) = @{ $scripts{$name} };
	my $run = $runs{$name} = { output => '', errors => '' };
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, "\\set n random(0, 3)\n\\set k random(0, 40)\n$text\n");
	$run->{handle} = IPC::Run::start([ 'pgbench', '-n', '-c', $clients, '-T', $seconds, '-f', $file, $node->connstr('postgres') ],
		'>', \$run->{output}, '2>', \$run->{errors});
}
for my $name (sort keys %runs)
{
	my $run = $runs{$name};
	$run->{handle}->finish;
	unlike($run->{errors}, qr/ERROR|aborted/, "$name: no statement failed otherwise") or diag($run->{errors});
	like($run->{output}, qr/number of transactions actually processed: [1-9]/, "$name: some transactions");
}
unlike(slurp_file($node->logfile), qr/deadlock detected|could not open relation|relation with OID|cache lookup failed/, 'no deadlock, no relation that is gone');

# a cancel is the caller's, whatever the limit
$node->safe_psql('postgres', q{
	SELECT run(format('SELECT cdp.drop_segment(%L)', 's' || i)) FROM generate_series(0, 3) i;
	CREATE FUNCTION nap(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(current_setting('test.nap')::float8); RETURN true; END $$;
	SET test.nap = 0;
	SELECT cdp.create_segment('sleeper', 'public.nap(profile_id)');
	-- so that readers judge people by it
	UPDATE cdp.segment SET state = 'building', built_until = 0 WHERE name = 'sleeper'});
for my $query (q{SELECT count(*) FROM cdp.members('sleeper')}, q{SELECT cdp.lookup('user_id:u3')}, q{SELECT count(*) FROM cdp.verify()})
{
	my ($output, $errors) = ('', '');
	my $reader = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SET application_name = 'reader'; SET cdp.segment_timeout = '2min'; SET test.nap = 100", '-c', $query ],
		'>', \$output, '2>', \$errors);
	$node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'reader' AND wait_event = 'PgSleep'});
	$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'reader'});
	$reader->finish;
	like($errors, qr/canceling statement due to user request/, "canceled: $query");
}
# a lock that another session holds is waited for no longer than the limit, and then left
$node->safe_psql('postgres', q{
	CREATE OR REPLACE FUNCTION nap(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_advisory_lock(7); RETURN true; END $$});
my ($held, $released) = ('', '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', q{SELECT pg_advisory_lock(7), pg_sleep(180)} ], '>', \$held, '2>', \$released);
$node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted});
is($node->safe_psql('postgres', q{
	SET cdp.segment_timeout = '200ms';
	SELECT cdp.lookup('user_id:u3') -> 'segments', cdp.lookup('user_id:u3') -> 'segments_failing';
	SELECT taken FROM cdp.refresh();
	SELECT state FROM cdp.segment WHERE name = 'sleeper';
	SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()}), qq{["always", "sleeper"]|["sleeper"]\n0\ntoo_slow\n0}, 'another session holds the lock');
$holder->kill_kill;

# a hot standby
$node->safe_psql('postgres', q{
	CREATE OR REPLACE FUNCTION nap(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO pg_temp.t VALUES (1); RETURN true; END $$;
	SELECT cdp.create_segment('old', $$ (traits->>'seen')::int >= 0 $$);
	INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'u3', '{"seen": "never"}');
	SELECT cdp.refresh()});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q{SELECT state, left(error, 5) FROM cdp.segment WHERE name = 'old'}), 'failing|22P02', 'marked');
for my $query (
	q{SELECT cdp.lookup('user_id:u3')},
	q{SELECT count(*) FROM cdp.members('old')},
	q{SELECT cdp.is_member('old', cdp.profile_of('user_id:u3')), cdp.is_member('old', cdp.profile_of('user_id:u5'))},
	q{SELECT count(*) FROM cdp.paths(segment => 'old', as_of => '2030-01-01')},
	q{SELECT * FROM cdp.verify()})
{
	is($standby->safe_psql('postgres', $query), $node->safe_psql('postgres', $query), $query);
}
is($standby->safe_psql('postgres', q{SELECT cdp.lookup('user_id:u3') -> 'segments_failing'}), '["old", "sleeper"]', 'those that fail are named');

$standby->stop;
$node->stop;
done_testing();
