# The feed and its consumers through a crash, a dump and logical decoding, on a standby, and what listeners are told.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', allows_streaming => 'logical', settings => "restart_after_crash = on\n");
sub sql { return $node->safe_psql('postgres', $_[0]); }
sql(q{
	INSERT INTO cdp_data.segment (name, segment_id, condition) VALUES ('one', 1, 'true'), ('two', 2, 'true');
	CREATE VIEW cdp_segment.one AS SELECT 1::bigint AS profile_id;
	CREATE VIEW cdp_segment.two AS SELECT 1::bigint AS profile_id;
	INSERT INTO cdp_data.membership SELECT i, 'infinity', '{1}', '{2026-01-01}' FROM generate_series(1, 5) i;
	CREATE SCHEMA helper;
	CREATE FUNCTION helper.record(profiles bigint[], segment integer) RETURNS bigint LANGUAGE sql AS $$
		SELECT cdp_internal.record_changes(array_fill('entered'::text, ARRAY[cardinality(profiles)]), profiles, array_fill(segment, ARRAY[cardinality(profiles)]), NULL,
			array_fill(timestamptz '2026-02-01', ARRAY[cardinality(profiles)]), array_fill('event'::text, ARRAY[cardinality(profiles)]), NULL, in_batch => false) $$;
	SELECT cdp.create_consumer('plain', '{one}'), cdp.create_consumer('from_snapshot', '{one}', start => 'snapshot');
	SELECT helper.record('{1,6,1,7}', 1);
	SELECT cdp.retry('from_snapshot', -4, '1 day'), cdp.acknowledge('from_snapshot', -3), cdp.retry('plain', 1, '1 day'), cdp.acknowledge('plain', 2)});
my $state = q{SELECT string_agg(concat_ws(' ', n.change_id, n.kind, n.profile_id, n.segment, n.attempts), ', ') FROM cdp.next_changes('plain') n
	UNION ALL SELECT string_agg(concat_ws(' ', n.change_id, n.kind, n.profile_id, n.segment, n.attempts), ', ') FROM cdp.next_changes('from_snapshot') n
	UNION ALL SELECT string_agg(concat_ws(' ', c.name, c.role, c.segments, c.position, c.snapshot_left, c.behind, c.waiting, c.needs_snapshot, c.created_at, c.acknowledged_at), ', ' ORDER BY c.name) FROM cdp.consumer c
	UNION ALL SELECT string_agg(w::text, ', ' ORDER BY w.change_id, w.consumer_id) FROM cdp_data.consumer_waiting w
	UNION ALL SELECT string_agg(h::text, ', ' ORDER BY h.change_id) FROM cdp.change h};
my $before = sql($state);
like($before, qr/^4 entered 7 one 0, 4 progress 0\n-2 snapshot 4 one 0, -1 snapshot 5 one 0, 1 entered 1 one 0, 2 entered 6 one 0, 3 entered 1 one 0, 4 entered 7 one 0, 4 progress 0\n/, 'what consumers get');

# --- a crash in the middle of an acknowledgement, and of a batch
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{BEGIN; SELECT cdp_internal.refresh_lock(true); SELECT helper.record('{8,9}', 1), cdp.acknowledge('plain', 6), cdp.retry('from_snapshot', 4, '1 day')});
my $pid = sql(q{SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'});
kill 'KILL', $pid;
$holder->{run}->kill_kill;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
is(sql($state), $before, 'after a crash as before');
is(sql(q{SELECT helper.record('{9}', 1)}), '5', 'the next change has the next number');

# --- a dump
$before = sql($state);
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dump');
sql('CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restore');
is($node->safe_psql('restored', $state), $before, 'all of it is there');
is($node->safe_psql('restored', q{SELECT cdp.acknowledge('plain', 4), helper.record('{7}', 1), cdp.create_consumer('new', '{one,two}')}), '4|6|6', 'and goes on');
is($node->safe_psql('restored', q{SELECT count(DISTINCT consumer_id) FROM cdp_data.consumer}), '3', 'numbers of consumers too');

# --- reading on a standby
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
sql(q{SELECT cdp.acknowledge('plain', 5), cdp.retry('plain', 4, '0')});
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $state), sql($state), 'a standby reads the same');
for my $write (q{cdp.acknowledge('plain', 5)}, q{cdp.retry('plain', 5, '0')}, q{cdp.create_consumer('there', '{one}')}, q{cdp.drop_consumer('plain')})
{
	my ($status, $output, $errors) = $standby->psql('postgres', "SELECT $write");
	like($errors, qr/during recovery|read-only/, "but does not $write");
}
$standby->stop;

# --- logical decoding has the changes, in the order of their numbers
sql(q{SELECT pg_create_logical_replication_slot('feed', 'test_decoding')});
sql(q{SELECT helper.record('{10,11}', 2)});
sql(q{SELECT helper.record('{12}', 1)});
is(sql(q{SELECT string_agg(substring(data, 'INSERT: change_id\[bigint\]:(\d+ kind\[text\]:''\w+'' profile_id\[bigint\]:\d+)'), ', ') FROM pg_logical_slot_get_changes('feed', NULL, NULL) WHERE data ~ '^table cdp_data.change: '}),
	q{6 kind[text]:'entered' profile_id[bigint]:10, 7 kind[text]:'entered' profile_id[bigint]:11, 8 kind[text]:'entered' profile_id[bigint]:12}, 'decoded');
sql(q{SELECT pg_drop_replication_slot('feed')});

# --- one notification for each transaction that recorded changes
sub told
{
	my ($statements) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', "LISTEN cdp_change;\n$statements");
	is($errors, '', "no error: $statements");
	return join ' ', $output =~ /Asynchronous notification "cdp_change" with payload "(\d+)"/g;
}
is(told(q{BEGIN; SELECT helper.record('{1,2}', 1); SELECT helper.record('{3}', 2); COMMIT;}), '11', 'of the last change');
is(told(q{BEGIN; SELECT helper.record('{1}', 1); SAVEPOINT a; SELECT helper.record('{2}', 1); ROLLBACK TO a; COMMIT;}), '12', 'not of one that was rolled back');
is(told(q{BEGIN; SAVEPOINT a; SELECT helper.record('{1}', 1); SAVEPOINT b; SELECT helper.record('{2}', 1); RELEASE b; SAVEPOINT c; SELECT helper.record('{2}', 1); ROLLBACK TO c; RELEASE a; COMMIT;}), '14', 'but of one in a subtransaction');
is(told(q{BEGIN; SAVEPOINT a; SELECT helper.record('{1}', 1); ROLLBACK TO a; COMMIT; SELECT helper.record('{}', 1);}), '', 'none without changes');
is(told(q{BEGIN; SELECT helper.record('{1}', 1); ROLLBACK; BEGIN; COMMIT; SELECT taken FROM cdp.refresh();}), '', 'nor after a rollback');
is(told(q{BEGIN; SELECT cdp_internal.announce_change(99, max_usage => -1); COMMIT;}), '', 'nor when the queue is too full');
is(sql('SELECT change_id FROM cdp_data.state'), '14', 'the last number');

# --- a queue of notifications that is full, by a listener that does not read; from PostgreSQL 17 on it can be a small one
SKIP:
{
	skip 'the queue of notifications is too large to fill', 3 if sql('SHOW server_version_num') < 170000;
	sql('ALTER SYSTEM SET max_notify_queue_pages = 64');
	$node->restart;
	my $listener = $node->background_psql('postgres');
	$listener->query_safe('LISTEN cdp_change; BEGIN; SELECT 1');
	my $errors = '';
	for (1 .. 100)
	{
		(undef, undef, $errors) = $node->psql('postgres', q{SELECT count(pg_notify('other', repeat(i::text, 1000))) FROM generate_series(10, 20) i});
		last if $errors;
	}
	like($errors, qr/too many notifications in the NOTIFY queue/, 'the queue is full');
	is(sql(q{SELECT helper.record('{1}', 1)}), '15', 'changes are recorded all the same');
	is(sql(q{SELECT max(change_id) FROM cdp.next_changes('plain')}), '15', 'and are there for who polls');
	$listener->quit;
}

$node->stop;
done_testing();
