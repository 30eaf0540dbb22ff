# Events taken back: who may, with what rights the query runs, and kill -9 in the middle.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', settings => "restart_after_crash = on\n");
load_events($node, 3000);
$node->safe_psql('postgres', q{
	CREATE ROLE etl LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN;
	SELECT cdp.grant_access('etl', 'writer'), cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward');
	CREATE TABLE chosen (id bigint); CREATE TABLE secret (id bigint);
	SELECT cdp.refresh(); INSERT INTO chosen SELECT event_id FROM cdp.events WHERE event_id % 3 = 0; GRANT SELECT ON chosen TO boss});

sub as
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	return $status == 0 ? $output : $errors;
}

for my $role ('etl', 'ann')
{
	like(as($role, q{SELECT cdp.retract(event_ids => '{1}')}), qr/permission denied for function retract/, "$role may not");
	like(as($role, q{SELECT cdp_data.retract(NULL, '{1}', NULL, NULL, NULL, '{}', NULL, false, false)}), qr/permission denied/, "$role may not at all");
}
is(as('boss', q{SELECT events FROM cdp.retract(query => 'SELECT id FROM chosen', reason => 'a trial', dry_run => true)}), '1000', 'a steward may, and the query finds what stands on the path of the caller');
like(as('boss', q{SELECT cdp.retract(query => 'SELECT id FROM secret')}), qr/permission denied for table secret/, 'the query runs as the caller');
like(as('boss', q{SELECT cdp.retract(query => 'DELETE FROM cdp_data.event RETURNING event_id')}), qr/DELETE is not allowed/, '… and cannot write');
like(as('boss', q{CREATE SCHEMA AUTHORIZATION boss}), qr/permission denied/, 'a steward is no superuser');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.events'), '3000', 'nothing is gone');

# locked rows of profiles stop it when the log, the message keys and the graph are written
my $before = digest($node);
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; SELECT count(*) FROM (SELECT FROM cdp_data.profile FOR UPDATE) p');
my $retract = IPC::Run::start(
	[ 'psql', '-X', '-c', q{SELECT cdp.retract(query => 'SELECT id FROM chosen')}, $node->connstr('postgres') ],
	'>', \my $output, '2>', \my $errors);
ok( $node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%cdp.retract(%' AND wait_event_type = 'Lock'}),
	'it waits');
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%cdp.retract(%' AND wait_event_type = 'Lock'});
kill 'KILL', $pid;
$retract->finish;
$holder->{run}->kill_kill;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
is(digest($node), $before, 'nothing is half done');
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', '… and all is well');

is(as('boss', q{SELECT events FROM cdp.retract(query => 'SELECT id FROM chosen', reason => 'sent twice')}), '1000', 'a steward takes them back');
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE event_id % 3 = 0) FROM cdp.events'), '2000|0', 'they are gone');
is(as('ann', 'SELECT decided_by, reason, events FROM cdp.retraction'), 'boss|sent twice|1000', 'who decided, and why');
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'all is well');
is($node->safe_psql('postgres', 'SELECT identifiers, links, identifiers_moved FROM cdp.restitch()'), '0|0|0', 'nothing is left to mend');

$node->stop;
done_testing();
