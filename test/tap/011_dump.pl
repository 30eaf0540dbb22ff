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
	INSERT INTO cdp.inbox (type, message_id, user_id, group_id, traits) SELECT 'group', 'account ' || i, 'u' || i, 'account ' || i % 4, jsonb_build_object('tier', i % 2) FROM generate_series(1, 20) i;
	SELECT cdp.refresh();
	INSERT INTO cdp.inbox_raw (line) VALUES ('no json');
	SELECT cdp.refresh();
	SELECT cdp.create_segment('planned', $$ traits->>'plan' = '1' AND cdp.did(timeline, 'Event 1', at_least => 2) $$), cdp.create_segment('others', $$ cdp.in_segment('planned') IS FALSE AND last_seen < now() - interval '1 day' $$), cdp.create_trait('actions', $$ cdp.count_events(timeline, '*', within => '1000 days') $$), cdp.create_trait('often', $$ cdp.computed('actions') > 2 $$), cdp.create_profile_view('people', 'plan text', 'seen integer', 'user_id identifier', 'actions computed');
	SELECT cdp.create_account_segment('busy', $$ cdp.members_in('planned') > 0 OR traits ->> 'tier' = '1' $$), cdp.create_account_trait('acts', $$ cdp.count_events(timeline, '*', within => '1000 days') $$), cdp.create_account_segment('top', $$ cdp.in_segment('busy') AND cdp.computed('acts') > 0 $$)});
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
my $others = q{SELECT count(*) > 0, count(*) FROM cdp.members('others')};
like($node->safe_psql('postgres', $others), qr/^t/, 'a segment that uses it has members');
is($node->safe_psql('restored', $others), $node->safe_psql('postgres', $others), 'the same in the restored database');
my $why = q{SELECT line, part, holds, change FROM cdp.why('others', 'user_id:u1')};
is($node->safe_psql('restored', $why), $node->safe_psql('postgres', $why), 'for the same reasons');
is($node->safe_psql('restored', q{SELECT pg_get_viewdef('cdp_condition.others')}),
	$node->safe_psql('postgres', q{SELECT pg_get_viewdef('cdp_condition.others')}), 'by the same condition');
my $values = 'SELECT profile_id, a.value, o.value FROM cdp_segment.actions a JOIN cdp_segment.often o USING (profile_id) ORDER BY profile_id';
like($node->safe_psql('postgres', $values), qr/\|t$/m, 'computed traits have values');
is($node->safe_psql('restored', $values), $node->safe_psql('postgres', $values), 'the same in the restored database');
my $accounts = q{SELECT group_id, value FROM (SELECT group_id, NULL AS value FROM cdp_segment.top UNION ALL SELECT group_id, value FROM cdp_segment.acts) a ORDER BY group_id, value};
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM ($accounts) a"), '>', 4, 'accounts are in segments and have values');
is($node->safe_psql('restored', $accounts), $node->safe_psql('postgres', $accounts), 'the same in the restored database');
$node->safe_psql($_, q{INSERT INTO cdp.inbox (type, message_id, user_id, group_id, traits, "timestamp", received_at) VALUES ('group', 'account 30', 'u1', 'account 9', '{"tier": 1}', '2026-01-01', '2026-01-01'); SELECT cdp.refresh()}) for 'postgres', 'restored';
my $numbers = q{SELECT group_id, account_id FROM cdp_data.account WHERE group_id = 'account 9' AND account_id > (SELECT max(account_id) FROM cdp_data.account WHERE group_id <> 'account 9')};
like($node->safe_psql('restored', $numbers), qr/^account 9/, 'and new accounts get new numbers');
is($node->safe_psql('restored', q{SELECT cdp.is_account_in('top', 'account 9')}), $node->safe_psql('postgres', q{SELECT cdp.is_account_in('top', 'account 9')}), 'and are judged');
is($node->safe_psql('restored', 'SELECT count(*) FROM cdp.verify()'), '0', 'by what was restored');
is($node->safe_psql('restored', 'SELECT * FROM people ORDER BY profile_id'), $node->safe_psql('postgres', 'SELECT * FROM people ORDER BY profile_id'), 'and the view of people');
is($node->safe_psql('restored', q{SELECT count(*), sum(problems) FROM cdp.profile_view_problems('people')}), '2|0', 'which is known there');

# events, rules and verdicts into the inbox of another installation, as the README has it
my $columns = 'message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, "timestamp", sent_at, original_timestamp, received_at, source';
$node->safe_psql('postgres', q{SELECT cdp.forbid('user_id:u1', 'device_id:d1', 'two people'), cdp.mark_shared('anonymous_id:a2-0', true), cdp.set_rules('{"device_id": {"max_per_profile": 3}}')});
$node->safe_psql('postgres', 'CREATE DATABASE another');
$node->safe_psql('another', 'CREATE EXTENSION cdp; SELECT cdp.init()');
my $events = $node->basedir . '/events';
$node->safe_psql('postgres', "COPY (SELECT $columns FROM cdp.events ORDER BY event_id) TO '$events'");
$node->safe_psql('another', "COPY cdp.inbox ($columns) FROM '$events'");
my ($rules, $sources, $trait_rules) = map { $node->safe_psql('postgres', "SELECT quote_literal($_)") } 'cdp.rules()', q{(SELECT jsonb_object_agg(source, jsonb_build_object('trust', trust)) FROM cdp.sources)}, 'cdp.trait_rules()';
$node->safe_psql('another', "SELECT cdp.set_rules($rules), cdp.set_sources($sources), cdp.set_trait_rules($trait_rules); SELECT cdp.refresh()");
$node->safe_psql('another', $node->safe_psql('postgres', q{
	SELECT format(CASE kind WHEN 'forbid' THEN 'SELECT cdp.forbid(%L, %L, %L);' WHEN 'unlink' THEN 'SELECT cdp.unlink(%L, %L);'
		ELSE 'SELECT cdp.mark_shared(%L, ' || (kind = 'shared') || ');' END, a, b, reason) FROM cdp.verdict ORDER BY verdict_id}));
for my $question ('SELECT e.message_id, e.properties, e."timestamp", p.identifiers FROM cdp.events e LEFT JOIN cdp.profiles p USING (profile_id) ORDER BY e.message_id COLLATE "C"',
	'SELECT identifiers, traits, events, first_seen, last_seen FROM cdp.profiles ORDER BY identifiers', 'SELECT cdp.rules() - \'*\', cdp.trait_rules()')
{
	is($node->safe_psql('another', $question), $node->safe_psql('postgres', $question), 'the same from events, rules and verdicts');
}

my ($status, $output, $errors) = $node->psql('restored', 'DROP EXTENSION cdp');
isnt($status, 0, 'DROP EXTENSION without CASCADE does not drop the customers');
like($errors, qr/cannot drop extension cdp because other objects depend on it/, 'and says why');

$node->stop;
done_testing();
