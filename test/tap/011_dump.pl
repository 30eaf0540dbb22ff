# A dump restores to the same platform, which goes on from there.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main');
load_events($node, 5000);
$node->safe_psql('postgres', q{
	SELECT cdp.refresh();
	INSERT INTO cdp.inbox_raw (line) VALUES ('no json');
	SELECT cdp.refresh();
	SELECT cdp.create_segment('planned', $$ traits->>'plan' = '1' AND cdp.did(timeline, 'Event 1', at_least => 2) $$), cdp.create_profile_view('people', 'plan text', 'seen integer', 'user_id identifier')});
load_events($node, 5000, 5000);

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restore');
is(digest($node, 'restored'), digest($node), 'all is there');

for my $database ('postgres', 'restored')
{
	$node->safe_psql($database, 'SELECT cdp.refresh()');
}
is(digest($node, 'restored'), digest($node), 'and goes on in the same way');
my $members = $node->safe_psql('postgres', q{SELECT count(*) FROM cdp.members('planned')});
cmp_ok($members, '>', 0, 'the segment has members');
is($node->safe_psql('restored', q{SELECT count(*) FROM cdp.members('planned')}), $members, 'the same in the restored database');
is($node->safe_psql('restored', 'SELECT * FROM people ORDER BY profile_id'), $node->safe_psql('postgres', 'SELECT * FROM people ORDER BY profile_id'), 'and the view of people');
is($node->safe_psql('restored', q{SELECT count(*), sum(problems) FROM cdp.profile_view_problems('people')}), '2|0', 'which is known there');

my ($status, $output, $errors) = $node->psql('restored', 'DROP EXTENSION cdp');
isnt($status, 0, 'DROP EXTENSION without CASCADE does not drop the customers');
like($errors, qr/cannot drop extension cdp because other objects depend on it/, 'and says why');

$node->stop;
done_testing();
