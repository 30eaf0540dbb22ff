# cdp.restitch() that is stopped in the middle of each stage, or killed with the server, leaves nothing; what it mends
# when it runs to its end is what was there before the damage; what it keeps in memory does not grow with the log.
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
$node->safe_psql('postgres', q{CREATE ROLE steward LOGIN; CREATE ROLE clerk LOGIN IN ROLE steward; SELECT cdp.grant_access('steward', 'steward')});
for my $part (0 .. 2)
{
	load_events($node, 6000, 6000 * $part);
	$node->safe_psql('postgres', 'SELECT cdp.refresh()');
	$node->safe_psql('postgres', q{SELECT cdp.set_rules('{"anonymous_id": {"max_per_profile": 2}}'), cdp.forbid('user_id:u7', 'device_id:d7')}) if $part == 1;
}
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'all is well');
my $healthy = digest($node);

my $damage = q{
	UPDATE cdp_data.identifier SET profile_id = 1 WHERE identifier_id % 3 = 0;
	UPDATE cdp_data.identifier SET shared = NOT shared, link_counts = '' WHERE identifier_id % 4 = 0;
	UPDATE cdp_data.link SET refused = NOT refused, events = 9 WHERE a % 2 = 0;
	UPDATE cdp_data.event SET identifier_id = 0 WHERE event_id % 3 = 0;
	UPDATE cdp_data.profile SET traits = NULL, events = 7 WHERE profile_id % 2 = 0};
my $runs = q{SELECT pid FROM cdp.progress WHERE work = 'restitch' AND stage = };

# Starts a restitch of damaged tables, in small chunks, and waits until it is at a stage; it never ends by itself.
sub start
{
	my ($stage) = @_;
	my $run = { out => '', err => '' };
	$run->{psql} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET cdp.restitch_rows = 50', '-c', 'BEGIN', '-c', $damage,
			'-c', 'SELECT cdp.restitch()', '-c', 'SELECT pg_sleep(600)' ], '<', \undef, '>', \$run->{out}, '2>', \$run->{err});
	for (1 .. 1800)
	{
		$run->{pid} = $node->safe_psql('postgres', "$runs '$stage'") and last;
		usleep(100_000);
	}
	die "no stage $stage: $run->{err}" unless $run->{pid};
	return $run;
}

# Its tables, and bytes of files that no table of the database has.
sub left
{
	return $node->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'restitch%'),
			(SELECT coalesce(sum((pg_stat_file(d.path || '/' || f.name)).size), 0)
			 FROM (SELECT 'base/' || oid AS path FROM pg_database WHERE datname = current_database()) d CROSS JOIN LATERAL pg_ls_dir(d.path) AS f (name)
			 WHERE f.name ~ '^[0-9]+' AND pg_filenode_relation(0, substring(f.name FROM '^[0-9]+')::oid) IS NULL
				AND NOT EXISTS (SELECT FROM pg_class c WHERE pg_relation_filenode(c.oid) = substring(f.name FROM '^[0-9]+')::oid)) < 300000});
}

for my $stage (qw(graph anchor fold))
{
	my $run = start($stage);
	is($node->safe_psql('postgres', "SELECT pg_terminate_backend($run->{pid}, 60000)"), 't', "terminated in stage $stage");
	$run->{psql}->finish;
	is(digest($node), $healthy, 'nothing of it is there');
	is(left(), '0|t', 'and none of its tables');
}

# while what differs is written: another session holds rows of it
$node->safe_psql('postgres', 'UPDATE cdp_data.link SET events = 9 WHERE a % 2 = 0');
my $damaged = digest($node);
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; SELECT count(*) FROM (SELECT FROM cdp_data.link FOR UPDATE) l');
my ($status, $output, $errors) = $node->psql('postgres', q{SET lock_timeout = '3s'; SELECT cdp.restitch()});
like($errors, qr/lock timeout.*restitch_write_links/s, 'waits for a lock, and not for ever');
$holder->quit;
is(digest($node), $damaged, 'nothing of it is there');
is(left(), '0|t', 'and none of its tables');
$node->safe_psql('postgres', 'SELECT cdp.restitch()');
is(digest($node), $healthy, 'the next one mends all');

# the whole server
my $run = start('fold');
kill 'KILL', $run->{pid};
$run->{psql}->finish;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
is(digest($node), $healthy, 'nothing of it is there');
is(left(), '0|t', 'and none of its tables');

# a member of a steward may do it; readers see the old state until it ends
$holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp.profiles');
my $before = $holder->query_safe('SELECT md5(string_agg(p::text, chr(10) ORDER BY p.profile_id)) FROM cdp.profiles p');
$node->safe_psql('postgres', 'SET cdp.restitch_rows = 1000; DELETE FROM cdp.verdict; SELECT cdp.restitch()', extra_params => [ '-U', 'clerk' ]);
is($holder->query_safe('SELECT md5(string_agg(p::text, chr(10) ORDER BY p.profile_id)) FROM cdp.profiles p'), $before, 'a reader sees what it saw');
$holder->quit;
isnt(digest($node), $healthy, 'without the verdict people are others');
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'and all is well');
is(left(), '0|t', 'and none of its tables is left');

# peak of a session's own memory, in MB
sub peak
{
	return $node->safe_psql('postgres', q{SET cdp.restitch_rows = 2000} . q{; SELECT cdp.restitch() IS NULL; SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')::bigint / 1024, (SELECT substring(s FROM 'VmHWM:\s+(\d+)')::bigint - substring(s FROM 'RssShmem:\s+(\d+)')::bigint FROM pg_read_file('/proc/self/status') s) / 1024});
}
SKIP:
{
	skip 'memory is read from /proc', 1 unless -r '/proc/self/status';
	my ($small) = peak() =~ /\|(\d+)$/;
	load_events($node, 60000, 18000);
	$node->safe_psql('postgres', 'SELECT cdp.refresh()');
	my ($large) = peak() =~ /\|(\d+)$/;
	cmp_ok($large, '<', $small + 40, "four times the log takes $large MB instead of $small");
}

$node->stop;
done_testing();
