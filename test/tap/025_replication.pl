# Logical replication: a plain table that follows the log, and another installation that is fed with what the inbox got.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = new_platform('publisher', allows_streaming => 'logical');
my $reader = new_node('reader');
my $second = new_platform('second');
my $to_publisher = $publisher->connstr . ' user=follower dbname=postgres';

# the commands of the README
$publisher->safe_psql('postgres', q{
	CREATE PUBLICATION cdp_log FOR TABLE cdp_data.event, cdp_data.shared_context WITH (publish_via_partition_root = true);
	CREATE ROLE follower LOGIN REPLICATION;
	SELECT cdp.grant_access('follower', 'analyst')});
load_events($publisher, 2000);
$publisher->safe_psql('postgres', 'SELECT cdp.refresh()');
$reader->safe_psql('postgres', qq{
	CREATE SCHEMA cdp_data;
	CREATE TABLE cdp_data.event (event_id bigint, identifier_id bigint, "timestamp" timestamptz, batch_id bigint,
		received_at timestamptz, sent_at timestamptz, original_timestamp timestamptz, context_hash bigint,
		message_id text, type text, event text, anonymous_id text, user_id text, group_id text, previous_id text,
		identifiers jsonb, properties jsonb, traits jsonb, context jsonb, source text,
		PRIMARY KEY (identifier_id, "timestamp", event_id));
	CREATE TABLE cdp_data.shared_context (context_hash bigint PRIMARY KEY, events bigint, context jsonb);
	CREATE SUBSCRIPTION cdp_log CONNECTION '$to_publisher' PUBLICATION cdp_log});
$reader->wait_for_subscription_sync($publisher, 'cdp_log');

my $log = q{SELECT count(*), count(DISTINCT e.event_id), md5(string_agg(e::text, ',' ORDER BY e.event_id)) FROM cdp_data.event e};
sub follows
{
	my ($name) = @_;
	$publisher->wait_for_catchup('cdp_log');
	is($reader->safe_psql('postgres', $log), $publisher->safe_psql('postgres', $log), $name);
	return;
}
sub months { return $publisher->safe_psql('postgres', q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass}); }

is($publisher->safe_psql('postgres', 'SELECT count(*) FROM cdp_data.event'), '2000', 'the log has events');
follows('the first copy has all of them');

# a context in parts
$publisher->safe_psql('postgres', q{
	INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp", context) SELECT 'seen', 'u1', 'context ' || i, '2025-04-02',
		jsonb_build_object('ip', '10.0.0.' || i, 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101') FROM generate_series(1, 9) i;
	SELECT cdp.refresh()});
follows('events whose contexts have something in common');
is($reader->safe_psql('postgres', q{SELECT string_agg(concat(c.context || e.context), '|' ORDER BY e.event_id) FROM cdp_data.event e JOIN cdp_data.shared_context c USING (context_hash)}),
	$publisher->safe_psql('postgres', q{SELECT string_agg(context::text, '|' ORDER BY event_id) FROM cdp.events WHERE message_id LIKE 'context %'}),
	'their contexts are whole there');

my $before = months();
$publisher->safe_psql('postgres', q{
	INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp")
	SELECT 'late ' || i, 'Event', 'a' || i || '-0', 'u' || i, timestamptz '2025-02-01' + i * interval '3 days' FROM generate_series(1, 100) i;
	SELECT cdp.refresh()});
cmp_ok(months(), '>', $before + 5, 'a refresh makes new months');
follows('their events arrive');

is($publisher->safe_psql('postgres', q{SELECT cdp.set_rules('{"anonymous_id": {"priority": 5}}');
		SELECT events_reanchored > 500 FROM cdp.batch ORDER BY batch_id DESC LIMIT 1}) =~ s/^\{.*\n|^\n//r, 't', 'a change of rules moves events to other anchors');
follows('they move');
$publisher->safe_psql('postgres', 'SELECT cdp.restitch()');
follows('a restitch adds nothing');
is($publisher->safe_psql('postgres', 'SELECT count(*) FROM cdp.verify()'), '0', 'the publisher is whole');

# the toolkit works on the copy; the platform has no tables there
is($reader->safe_psql('postgres', q{CREATE EXTENSION cdp;
	SELECT count(*) FROM (SELECT cdp.timeline_agg("timestamp", event) AS timeline FROM cdp_data.event WHERE event IS NOT NULL GROUP BY identifier_id) p
	CROSS JOIN LATERAL cdp.events(p.timeline)}),
	$publisher->safe_psql('postgres', 'SELECT count(*) FROM cdp_data.event WHERE event IS NOT NULL'), 'timelines of the copy');
like(($reader->psql('postgres', 'SELECT cdp.refresh()'))[2], qr/the tables of cdp are not there/, 'there is no platform at the subscriber');

# a month that goes stays at the subscriber, and comes back by ATTACH
my $whole = $publisher->safe_psql('postgres', $log);
$publisher->safe_psql('postgres', 'ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2025_03');
$publisher->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, event, anonymous_id, "timestamp") VALUES ('new', 'Event', 'a1-0', '2026-02-01'); SELECT cdp.refresh()});
$publisher->wait_for_catchup('cdp_log');
is($reader->safe_psql('postgres', 'SELECT count(*) FROM cdp_data.event'), '2110', 'a detached month stays at the subscriber');
$publisher->safe_psql('postgres', q{ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2025_03
	FOR VALUES FROM ('2025-03-01 00:00:00+00') TO ('2025-04-01 00:00:00+00')});
follows('attached again, it is the same');

# where events of the month came meanwhile, its rows are inserted: they must not be there already
$publisher->safe_psql('postgres', 'ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2025_03');
$publisher->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, event, anonymous_id, "timestamp") VALUES ('newer', 'Event', 'a1-0', '2025-03-20'); SELECT cdp.refresh()});
$publisher->wait_for_catchup('cdp_log');
$reader->safe_psql('postgres', q{DELETE FROM cdp_data.event WHERE "timestamp" >= '2025-03-01 00:00:00+00' AND "timestamp" < '2025-04-01 00:00:00+00' AND message_id <> 'newer'});
$publisher->safe_psql('postgres', 'INSERT INTO cdp_data.event SELECT * FROM cdp_data.event_2025_03');
follows('inserted again, after they were deleted at the subscriber');

# a truncated or dropped month is not taken away at the subscriber, a delete is
$publisher->safe_psql('postgres', 'DROP TABLE cdp_data.event_2025_03');
$publisher->safe_psql('postgres', 'TRUNCATE cdp_data.event_2025_04');
$publisher->safe_psql('postgres', q{DELETE FROM cdp_data.event WHERE "timestamp" < '2025-06-01' AND "timestamp" >= '2025-05-01'});
$publisher->wait_for_catchup('cdp_log');
is($reader->safe_psql('postgres', q{SELECT to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM'), count(*) FROM cdp_data.event WHERE "timestamp" < '2025-07-01' GROUP BY 1 ORDER BY 1}),
	"2025-02|9\n2025-03|11\n2025-04|19\n2025-06|10", 'TRUNCATE of a month is not published, DELETE is');
$publisher->safe_psql('postgres', 'TRUNCATE cdp_data.event');
$publisher->wait_for_catchup('cdp_log');
is($reader->safe_psql('postgres', 'SELECT count(*) FROM cdp_data.event'), '0', 'TRUNCATE of the log is published');

# another installation: its inbox gets what this one's got, from all its writers
$publisher->safe_psql('postgres', q{
	CREATE PUBLICATION cdp_inbox FOR TABLE
		cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context,
			"timestamp", sent_at, original_timestamp, received_at, source),
		cdp.inbox_raw (line, source, received_at) WITH (publish = 'insert');
	CREATE ROLE writer LOGIN;
	SELECT cdp.grant_access('writer', 'writer')});
$second->safe_psql('postgres', qq{CREATE SUBSCRIPTION cdp_inbox CONNECTION '$to_publisher' PUBLICATION cdp_inbox WITH (copy_data = false)});
$second->wait_for_subscription_sync($publisher, 'cdp_inbox');
load_events($publisher, 1000, 5000);
$publisher->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, event, user_id) VALUES ('w', 'Event', 'u1')}, extra_params => [ '-U', 'writer' ]);
$publisher->safe_psql('postgres', q{INSERT INTO cdp.inbox_raw (line) VALUES ('{"messageId": "l", "type": "track", "event": "Event", "userId": "u1"}')}, extra_params => [ '-U', 'writer' ]);
$publisher->safe_psql('postgres', 'BEGIN; INSERT INTO cdp.inbox (event) VALUES (1); ROLLBACK; SELECT cdp.refresh()');
$publisher->wait_for_catchup('cdp_inbox');
is($second->safe_psql('postgres', 'SELECT count(*) FROM cdp.inbox; SELECT count(*) FROM cdp.inbox_raw'), "1001\n1", 'its inboxes have what this one got, though this one is empty again');
is($second->safe_psql('postgres', 'SELECT taken, accepted FROM cdp.refresh()'), '1002|1002', 'it refreshes by itself');
is($second->safe_psql('postgres', 'SELECT count(*) FROM cdp.verify()'), '0', 'and is whole');

$_->stop for $reader, $second, $publisher;
done_testing();
