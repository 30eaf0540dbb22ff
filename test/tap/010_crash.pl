# kill -9 of a backend in the middle of a refresh: after the restart a refresh gives what it
# would have given without.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $untouched = new_platform('untouched');
my $killed = new_platform('killed', settings => "restart_after_crash = on\n");
for my $node ($untouched, $killed)
{
	# the digest has hashes, and each installation a key of its own
	$node->safe_psql('postgres', q{UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f'});
	load_events($node, 5000);
	$node->safe_psql('postgres', 'SELECT cdp.refresh()');
	load_events($node, 5000, 5000);
}
$untouched->safe_psql('postgres', 'SELECT cdp.refresh()');

# a lock on the profiles stops the refresh when identifiers, links and events are written
my $holder = $killed->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.profile IN EXCLUSIVE MODE');
my $refresh = IPC::Run::start(
	[ 'psql', '-X', '-c', 'SELECT cdp.refresh()', $killed->connstr('postgres') ],
	'>', \my $output, '2>', \my $errors);
ok( $killed->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%cdp.refresh()%' AND wait_event_type = 'Lock'}),
	'the refresh waits in its middle');
my $pid = $killed->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%cdp.refresh()%' AND wait_event_type = 'Lock'});
kill 'KILL', $pid;
$refresh->finish;
$holder->{run}->kill_kill;
# before that the server still lets a session in, and then ends it
$killed->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($killed->poll_query_until('postgres', 'SELECT true'), 'the server is back');

is($killed->safe_psql('postgres', 'SELECT count(*) FROM cdp.inbox'), '5000', 'no row is lost');
is($killed->safe_psql('postgres', 'SELECT max(batch_id) FROM cdp.batch'), '1', 'nothing of the batch is there');
$killed->safe_psql('postgres', 'SELECT cdp.refresh()');
is(digest($killed), digest($untouched), 'the second refresh gives the same as without the crash');

$killed->stop;
$untouched->stop;
done_testing();
