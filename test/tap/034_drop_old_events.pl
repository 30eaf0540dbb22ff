# Events that their source no longer keeps: readers from before, during and after see each event once; kill -9 and restart;
# months that are dropped meanwhile; dumps.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', settings => "restart_after_crash = on\nautovacuum = off\n");
$node->safe_psql('postgres', q{
	CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN;
	SELECT cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward');
	INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, group_id, traits, "timestamp", source)
	SELECT 'm' || i, CASE i % 3 WHEN 0 THEN 'identify' WHEN 1 THEN 'group' ELSE 'track' END, CASE WHEN i % 3 = 2 THEN 'View' END, 'u' || i % 50, 'a' || i % 70,
		CASE WHEN i % 3 = 1 THEN 'g' || i % 5 END, CASE WHEN i % 3 < 2 THEN jsonb_build_object('n', i) END, timestamptz '2025-01-01Z' + i * interval '2 hours',
		CASE WHEN i % 2 = 0 THEN 'web' ELSE 'app' END
	FROM generate_series(1, 1500) i;
	SELECT cdp.refresh()});

# what follows from events, wherever they are
my $people = q{SELECT md5(string_agg(concat(p.identifiers, p.traits, p.timeline, p.events, p.first_seen), ' ' ORDER BY p.profile_id)) FROM cdp.profile_row p};
# … and their number, as one snapshot sees log and base
my $all = q{SELECT (SELECT count(*) FROM cdp_data.event e WHERE NOT EXISTS (SELECT FROM cdp_data.folded_month f
	WHERE f.month = date_trunc('month', e."timestamp", 'UTC') AND f.event_id >= e.event_id)) + coalesce((SELECT sum(events) FROM cdp_data.base_row), 0)};
my $before = $node->safe_psql('postgres', $people);

# lets the events of web before a time leave, a number of them in a call
sub leave
{
	my ($until, $rows) = @_;
	keep($until);
	return $node->safe_psql('postgres', "SELECT state, events FROM cdp.drop_old_events($rows)");
}

sub keep
{
	my ($from) = @_;
	return $node->safe_psql('postgres', "SELECT cdp.set_sources(jsonb_build_object('web', jsonb_build_object('keep_events', (now() - timestamptz '$from')::text)))");
}

sub as
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	return $status == 0 ? $output : $errors;
}

sub all_is_well
{
	my ($when) = @_;
	is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', "all is well $when");
	is($node->safe_psql('postgres', $people), $before, "… and people are who they were $when");
	is($node->safe_psql('postgres', $all), '1500', "… with all events $when");
}

# ---- who may
like(as('ann', q{SELECT cdp.drop_old_events()}), qr/permission denied for function drop_old_events/, 'an analyst may not');
like(as('ann', q{SELECT cdp.set_sources('{"web": {"keep_events": "1 day"}}')}), qr/permission denied/, '… nor set what is kept');
is(as('ann', q{SELECT source, keep_events FROM cdp.sources WHERE keep_events IS NOT NULL}), '', '… but see it');
is(as('boss', q{SELECT cdp.set_sources('{"web": {"keep_events": "30000 days"}}')}), '', 'a steward may set it');
is(as('boss', q{SELECT source, state, events FROM cdp.drop_old_events()}), 'web|done|0', '… and let events leave');

# ---- readers from before see the log as it was, those from after the base
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($all), '1500', 'a reader sees the log');
is(leave('2025-01-20 12:00Z', 100), 'waiting|100', 'some events leave');
is($reader->query_safe($all), '1500', 'the reader sees each event once');
is($reader->query_safe('SELECT count(*) FROM cdp.events'), '1500', '… all of them in the log');
all_is_well('while more are to leave');
is($node->safe_psql('postgres', 'SELECT state, events FROM cdp.drop_old_events()'), 'done|17', 'the others leave');
is($reader->query_safe($all), '1500', 'the reader sees each event once still');
$reader->query_safe('COMMIT');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.events'), '1383', 'who comes later sees the rest');
all_is_well('after that');

# ---- a month that is folded has a late event, which leaves: the partition stays as long as a snapshot sees the event there
$node->safe_psql('postgres', q{SELECT cdp.drop_events('2025-02-01Z', 1)});
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp", source) VALUES ('late', 'track', 'Late', 'u1', '2025-01-03Z', 'web'); SELECT cdp.refresh()});
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($all), '1501', 'a reader sees a late event');
is($node->safe_psql('postgres', 'SELECT state, events FROM cdp.drop_old_events()'), 'done|1', '… which leaves');
is($node->safe_psql('postgres', q{SELECT state FROM cdp.drop_events('2025-02-01Z', 0)}), 'held', 'its month is held by the reader');
is($reader->query_safe($all), '1501', '… who sees it');
$reader->query_safe('COMMIT');
is($node->safe_psql('postgres', q{SELECT state FROM cdp.drop_events('2025-02-01Z', 0)}), 'dropped', '… and goes after that');
is($node->safe_psql('postgres', $all), '1501', 'no event is lost');
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', '… and all is well');
# from here on it counts
$before = $node->safe_psql('postgres', $people);
$all .= ' - 1';

# ---- kill -9 while events leave
keep('2025-02-20 12:00Z');
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; SELECT FROM cdp_data.state FOR UPDATE');
my $call = IPC::Run::start([ 'psql', '-X', '-c', q{SELECT cdp.drop_old_events()}, $node->connstr('postgres') ], '>', \my $output, '2>', \my $errors);
my $waits = q{FROM pg_stat_activity WHERE query LIKE '%cdp.drop_old_events(%' AND wait_event = 'transactionid' AND pid <> pg_backend_pid()};
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 $waits"), 'a call waits');
is($node->safe_psql('postgres', $all), '1500', 'readers see all meanwhile');
kill 'KILL', $node->safe_psql('postgres', "SELECT pid $waits");
$call->finish;
$_->{run}->kill_kill for ($holder, $reader);
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
all_is_well('after the kill');
is($node->safe_psql('postgres', 'SELECT state, events FROM cdp.drop_old_events()'), 'done|118', 'the next call lets all leave');
$node->stop('immediate');
$node->start;
all_is_well('after a crash');
is($node->safe_psql('postgres', 'SELECT state, events FROM cdp.drop_old_events()'), 'done|0', 'nothing is left to do');

# ---- a dump
my $dump = "$PostgreSQL::Test::Utils::tmp_check/left.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'a dump');
$node->safe_psql('postgres', "CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8'");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], '… is restored');
is($node->safe_psql('restored', 'SELECT * FROM cdp.verify()'), '', 'all is well in it');
is($node->safe_psql('restored', $people), $before, '… and people are who they were');
is($node->safe_psql('restored', 'SELECT state, events FROM cdp.drop_old_events()'), 'done|0', '… and its policies go on');
is($node->safe_psql('postgres', 'SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch()'), '0|0|0|0', 'nothing is left to mend');
all_is_well('after restitch');

$node->stop;
done_testing();
