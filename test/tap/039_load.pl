# cdp.load() that is stopped in the middle of a batch, or killed with the server, leaves nothing; what it shows meanwhile; its
# memory does not grow with the rows; after it a dump and a replica are whole.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_platform('main', settings => "restart_after_crash = on\n");
$node->safe_psql('postgres', q{
	CREATE ROLE steward LOGIN; SELECT cdp.grant_access('steward', 'steward');
	CREATE TABLE past AS SELECT 'past ' || i AS message_id, 'd' || i % 400 AS anonymous_id, CASE WHEN i % 5 = 0 THEN 'u' || i % 130 END AS user_id, 'Seen' AS event,
		timestamptz '2020-01-01' + i * interval '10 minutes' AS "timestamp", jsonb_build_object('total', i % 50) AS properties FROM generate_series(1, 20000) i;
	GRANT SELECT ON past TO steward});
load_events($node, 2000);
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
my $healthy = digest($node);

# Starts a load that stays in the middle, after some batches, and waits until it is there.
sub start
{
	my $run = { out => '', err => '' };
	$node->safe_psql('postgres', q{CREATE OR REPLACE FUNCTION wait_at(i text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(CASE i WHEN 'past 17000' THEN 600 ELSE 1 END) WHERE i IN ('past 15000', 'past 17000'); RETURN i; END $$});
	$run->{psql} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			q{SELECT cdp.load('SELECT wait_at(message_id) AS message_id, anonymous_id, user_id, event, "timestamp", properties FROM past', 'past', 4000)} ], '<', \undef, '>', \$run->{out}, '2>', \$run->{err});
	for (1 .. 1800)
	{
		$run->{pid} = $node->safe_psql('postgres', q{SELECT pid FROM cdp.progress WHERE work = 'load' AND done >= 12000}) and last;
		usleep(100_000);
	}
	die "it does not begin: $run->{err}" unless $run->{pid};
	return $run;
}

# What is left: months of the log that only the load has, and bytes of files that no table has.
sub left
{
	return $node->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'event\_2020%'),
			(SELECT coalesce(sum((pg_stat_file(d.path || '/' || f.name)).size), 0)
			 FROM (SELECT 'base/' || oid AS path FROM pg_database WHERE datname = current_database()) d CROSS JOIN LATERAL pg_ls_dir(d.path) AS f (name)
			 WHERE f.name ~ '^[0-9]+' AND pg_filenode_relation(0, substring(f.name FROM '^[0-9]+')::oid) IS NULL
				AND NOT EXISTS (SELECT FROM pg_class c WHERE pg_relation_filenode(c.oid) = substring(f.name FROM '^[0-9]+')::oid)) < 300000});
}

my $run = start();
like($node->safe_psql('postgres', 'SELECT work, stage, done, total FROM cdp.progress'), qr/^load\|rows\|(12000|16000)\|$/, 'shows how many rows batches have taken');
is($node->safe_psql('postgres', 'SELECT taken, waiting FROM cdp.refresh(wait => false)'), '0|0', 'a refresh need not wait for it');
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") VALUES ('meanwhile', 'u1', 'Seen', '2024-01-01')});
is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.events'), 2000, 'a writer does not wait, and a reader sees what was there before');
is($node->safe_psql('postgres', "SELECT pg_cancel_backend($run->{pid})"), 't', 'cancelled');
$run->{psql}->finish;
like($run->{err}, qr/canceling statement/, 'it can be interrupted');
$node->safe_psql('postgres', 'DELETE FROM cdp.inbox');
is(digest($node), $healthy, 'nothing of it is there');
is(left(), '0|t', 'and none of its tables');

$run = start();
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($run->{pid}, 60000)"), 't', 'terminated');
$run->{psql}->finish;
is(digest($node), $healthy, 'nothing of it is there');
is(left(), '0|t', 'and none of its tables');

$run = start();
kill 'KILL', $run->{pid};
$run->{psql}->finish;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
is(digest($node), $healthy, 'nothing of it is there');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname LIKE 'event\_2020%'}), 0, 'and none of its tables');

# to its end, by a steward, who is told how far it is; with indexes built in parallel where the server does so
my ($status, $output, $errors) = $node->psql('postgres', q{SET max_parallel_maintenance_workers = 2; SET min_parallel_table_scan_size = 0;
	SELECT taken, accepted, batches FROM cdp.load('past'::regclass, 'past', 3000)}, extra_params => [ '-U', 'steward' ]);
is($output, '20000|20000|7', 'the whole load');
is($node->safe_psql('postgres', q{SELECT count(*), bool_and(i.indisready AND i.indisvalid) FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indrelid WHERE h.inhparent = 'cdp_data.event'::regclass}) =~ /^\d+\|t$/, 1, 'all indexes are valid');
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'all is well');
my $plan = $node->safe_psql('postgres', q{SET enable_seqscan = off; EXPLAIN (COSTS off) SELECT count(*) FROM cdp_data.event WHERE identifier_id = 7 AND "timestamp" = '2020-02-03'});
like($plan, qr/event_2020_02_pkey/, 'and serve');
my $loaded = digest($node);

# a crash after the commit: what was built without WAL for each row is there
$node->stop('immediate');
$node->start;
is(digest($node), $loaded, 'a crash loses nothing');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM cdp_data.event WHERE identifier_id IN (SELECT identifier_id FROM cdp_data.identifier)}), 22000, 'nor the indexes');

# dump and restore
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-Fc', '-f', "$PostgreSQL::Test::Utils::tmp_check/load.dump" ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), '--exit-on-error', "$PostgreSQL::Test::Utils::tmp_check/load.dump" ], 'pg_restore');
is($node->safe_psql('restored', 'SELECT count(*) FROM cdp.events'), 22000, 'the restored log');
is($node->safe_psql('restored', 'SELECT * FROM cdp.verify()'), '', 'and all is well');
is($node->safe_psql('restored', q{SELECT accepted, duplicate FROM cdp.load('past'::regclass, 'past')}), '0|20000', 'the same rows again are duplicates there');

# peak of a session's own memory, in MB
sub peak
{
	my ($rows) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT cdp.load('SELECT ''n$rows-'' || i AS message_id, ''n'' || i % 5000 AS user_id, ''Seen'' AS event, timestamptz ''2018-01-01'' + i * interval ''1 minute'' AS "timestamp" FROM generate_series(1, $rows) i', 'peak', 2000) IS NULL;
		SELECT (SELECT substring(s FROM 'VmHWM:\\s+(\\d+)')::bigint - substring(s FROM 'RssShmem:\\s+(\\d+)')::bigint FROM pg_read_file('/proc/self/status') s) / 1024}) =~ s/^f\n//r;
}
SKIP:
{
	skip 'memory is read from /proc', 1 unless -r '/proc/self/status';
	my $small = peak(10000);
	my $large = peak(40000);
	cmp_ok($large, '<', $small + 40, "four times the rows take $large MB instead of $small");
}

$node->stop;
done_testing();
