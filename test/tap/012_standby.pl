# Reads work on a hot standby.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_platform('primary', allows_streaming => 1);
load_events($primary, 1000);
$primary->safe_psql('postgres', q{
	INSERT INTO cdp.inbox (type, event, user_id, group_id, traits, properties, "timestamp") VALUES
		('group', NULL, 'u3', 'acme', '{"plan": "pro"}', NULL, '2026-01-01'), ('track', 'Ticket Opened', 'u3', NULL, NULL, '{"ticket_id": 1}', '2026-01-02')});
$primary->safe_psql('postgres', q{SELECT cdp.refresh(); SELECT cdp.create_segment('planned', $$ traits->>'plan' = '1' $$), cdp.create_segment('others', $$ NOT cdp.in_segment('planned') AND first_seen < now() - interval '1 day' $$);
	SELECT cdp.create_account_segment('big', $$ members > 0 AND cdp.members_in('others') < 5 $$), cdp.create_account_trait('opened', $$ cdp.count_events(timeline, 'Ticket Opened') $$);
	SELECT cdp.create_profile_view('people', 'plan integer', 'seen integer', 'user_id as "user" identifier')});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my @queries = (
	q{SELECT cdp.lookup('user_id:u3')},
	q{SELECT cdp.lookup(identifier_id, 'provenance,identifiers,segments') FROM cdp_data.identifier ORDER BY identifier_id LIMIT 20},
	q{SELECT cdp.resolve_profile(identifier_id) FROM cdp_data.identifier ORDER BY identifier_id LIMIT 20},
	q{SELECT count(*) FROM cdp.open_cases},
	q{SELECT * FROM cdp.accounts ORDER BY group_id},
	q{SELECT * FROM cdp.account_members ORDER BY profile_id, group_id},
	q{SELECT count(*), sum(plan), max("user") FROM people},
	q{SELECT * FROM cdp.profile_view_problems('people')},
	q{SELECT e.* FROM cdp_data.identifier i CROSS JOIN LATERAL cdp.explain('user_id:u3', i.identifier) e ORDER BY i.identifier_id, e.step},
	q{SELECT cdp.profile_at('user_id:u3', now())},
	q{SELECT count(*) FROM cdp.verify()},
	q{SELECT count(*) FROM cdp.verify('user_id:u3')},
	q{SELECT count(*) FROM cdp.members('planned')},
	q{SELECT line, part, holds, until, change FROM cdp.why('others', 'user_id:u3')},
	q{SELECT group_id, since FROM cdp.accounts_in('big')},
	q{SELECT * FROM cdp_segment.opened},
	q{SELECT segment, group_id FROM cdp.account_membership},
	q{SELECT cdp.is_account_in('big', 'acme'), count(*) FROM cdp.why_account('big', 'acme')},
	q{SELECT count(*), count(*) FILTER (WHERE holds) FROM cdp_internal.evaluate_segment('planned', NULL, now())},
	q{SELECT count(*), sum(events) FROM cdp.profiles},
	q{SELECT * FROM cdp.funnel_table('"Event 1" -> "Event 2" in 7 days', by => '{property:n}', as_of => '2030-01-01')},
	q{SELECT * FROM cdp.retention_table('*', '*', 'month', 'UTC', as_of => '2030-01-01')},
	q{SELECT * FROM cdp.paths(as_of => '2030-01-01')},
	q{SELECT count(*) FROM cdp.components('SELECT anonymous_id, user_id FROM cdp.events')});
for my $query (@queries)
{
	is($standby->safe_psql('postgres', $query), $primary->safe_psql('postgres', $query), $query);
}
# entries of indexes that the primary has marked as dead may be of rows that a snapshot of the standby sees
my $old = $standby->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp_data.message');
$primary->safe_psql('postgres', q{
	CREATE TABLE gone AS SELECT * FROM cdp_data.message ORDER BY ctid DESC LIMIT 1;
	DELETE FROM cdp_data.message m USING gone WHERE gone.message_key = m.message_key});
$primary->safe_psql('postgres', q{SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;
	SELECT count(*) FROM cdp_data.message WHERE message_key = (SELECT message_key FROM gone)});
$primary->safe_psql('postgres', 'CHECKPOINT; INSERT INTO cdp_data.message SELECT * FROM gone');
$primary->wait_for_catchup($standby);
is($old->query_safe('SELECT count(*) FROM cdp.verify()'), '0', 'verify finds a row whose entry is marked as dead');
$old->quit;
# what is wrong is found there too
$primary->safe_psql('postgres', q{UPDATE cdp_data.profile SET events = events + 1 WHERE profile_id = cdp.profile_of('user_id:u3');
	UPDATE cdp_data.link SET events = events + 1 WHERE (a, b) = (SELECT a, b FROM cdp_data.link ORDER BY a, b LIMIT 1)});
$primary->wait_for_catchup($standby);
my $wrong = q{SELECT stage, count(*) FROM cdp.verify() GROUP BY stage ORDER BY stage};
is($standby->safe_psql('postgres', $wrong), "link|1\nprofile|1", 'verify finds what is wrong');
is($primary->safe_psql('postgres', $wrong), "link|1\nprofile|1", 'as on the primary');
my ($status, $output, $errors) = $standby->psql('postgres', 'SELECT cdp.refresh()');
isnt($status, 0, 'a refresh does not');
like($errors, qr/during recovery|read-only/, 'and says why');

# what runs on the primary does not run here, though its sequences arrive; and what runs here writes none
my $running = $primary->background_psql('postgres');
$running->query_safe(q{BEGIN; SELECT cdp_internal.progress_begin('verify', 100000), cdp_internal.progress_set('log', 3, 10)});
is($primary->safe_psql('postgres', 'SELECT work, stage, done, total FROM cdp.progress'), 'verify|log|3|10', 'what runs on the primary');
$primary->safe_psql('postgres', 'SELECT txid_current()');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT last_value & 1023 FROM cdp_data.progress_verify_done; SELECT count(*) FROM cdp.progress'), "3\n0", 'is not shown on the standby');
is($standby->safe_psql('postgres', q{SELECT cdp_internal.progress_begin('verify', 100000), cdp_internal.progress_set('log', 4, 10); SELECT last_value & 1023 FROM cdp_data.progress_verify_done}),
	"|\n3", 'a run there writes nothing');
$running->quit;

$standby->stop;
$primary->stop;
done_testing();
