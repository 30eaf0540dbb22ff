# Months that leave the log: no reader sees neither the log nor the base; kill -9 and restart at each point; dumps.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', settings => "restart_after_crash = on\nmax_prepared_transactions = 2\nautovacuum = off\n");
$node->safe_psql('postgres', q{
	CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN;
	SELECT cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward');
	INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, group_id, traits, "timestamp")
	SELECT 'm' || i, CASE i % 3 WHEN 0 THEN 'identify' WHEN 1 THEN 'group' ELSE 'track' END, CASE WHEN i % 3 = 2 THEN 'View' END, 'u' || i % 50, 'a' || i % 70,
		CASE WHEN i % 3 = 1 THEN 'g' || i % 5 END, CASE WHEN i % 3 < 2 THEN jsonb_build_object('n', i) END, timestamptz '2025-01-01Z' + i * interval '2 hours'
	FROM generate_series(1, 1500) i;
	SELECT cdp.refresh()});

# what follows from events, wherever they are
my $people = q{SELECT md5(string_agg(concat(p.identifiers, p.traits, p.timeline, p.events, p.first_seen), ' ' ORDER BY p.profile_id)) FROM cdp.profile_row p};
# … and their number, as one snapshot sees log and base
my $all = q{SELECT (SELECT count(*) FROM cdp_data.event e WHERE NOT EXISTS (SELECT FROM cdp_data.folded_month f
	WHERE f.month = date_trunc('month', e."timestamp", 'UTC') AND f.event_id >= e.event_id)) + coalesce((SELECT sum(events) FROM cdp_data.base_row), 0)};
my $before = $node->safe_psql('postgres', $people);

sub drop
{
	my ($until, $months) = @_;
	return $node->safe_psql('postgres', "SELECT to_char(month, 'MM'), state FROM cdp.drop_events('$until', $months)");
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
like(as('ann', q{SELECT cdp.drop_events('2025-02-01Z')}), qr/permission denied for function drop_events/, 'an analyst may not');
like(as('ann', 'SELECT * FROM cdp_data.base'), qr/permission denied for table base/, '… nor see the base');
is(as('boss', q{SELECT state, events FROM cdp.drop_events('2025-02-01Z', dry_run => true)}), 'waiting|371', 'a steward may');

# ---- a reader of before the fold
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($all), '1500', 'a reader sees the log');
is(as('boss', q{SELECT state FROM cdp.drop_events('2025-02-01Z')}), 'held', 'January is folded');
all_is_well('while it is marked');
is(drop('2025-02-01Z', 0), '01|held', 'the reader holds it');
is($reader->query_safe($all), '1500', '… and sees what it saw');
$reader->query_safe('COMMIT');
# one whose snapshot sees the fold holds nothing, and sees all events after the drop
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp_data.base');
is(drop('2025-02-01Z', 0), '01|dropped', 'January is dropped');
is($reader->query_safe($all), '1500', '… under a reader that sees the fold');
$reader->query_safe('COMMIT');
all_is_well('without January');

# ---- a prepared transaction, and one that reads the log just now
$node->safe_psql('postgres', q{CREATE TABLE other (); BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO other DEFAULT VALUES; PREPARE TRANSACTION 'held'});
is(drop('2025-03-01Z', 1), '02|held', 'February is folded');
is(drop('2025-03-01Z', 1), '02|held', '… and held by a prepared transaction');
$node->safe_psql('postgres', q{COMMIT PREPARED 'held'});
$reader->query_safe('BEGIN; SELECT count(*) FROM cdp.events');
is(drop('2025-03-01Z', 1), '02|held', '… then by one that has read the log');
is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM cdp.events'), 't', 'nobody waits for that');
$reader->query_safe('COMMIT');

# ---- one that has read the log and waits for the drop to end: to wait for it would be a deadlock, found by any of those who wait
my $dropper = $node->background_psql('postgres');
$dropper->query_safe(q{BEGIN; SET LOCAL deadlock_timeout = '1ms'; SET LOCAL log_lock_waits = on; SELECT cdp_internal.refresh_lock(true)});
my $log = -s $node->logfile;
my $waiter = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-c', 'SELECT count(*) > 0 FROM cdp.events; SELECT taken FROM cdp.refresh()', $node->connstr('postgres') ],
	'>', \my $taken, '2>', \my $waiter_errors);
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%cdp.refresh()%' AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'}), 'a refresh waits that has read the log');
is($dropper->query_safe(q{SELECT state FROM cdp.drop_events('2025-03-01Z', 0)}), 'held', 'the month is held');
$dropper->query_safe('COMMIT');
$waiter->finish;
is("$taken$waiter_errors", "t\n0\n", '… and the refresh goes on');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $log), qr/waiting for AccessExclusiveLock/, '… for which the drop did not wait');

# ---- a late event comes between
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp") VALUES ('late', 'track', 'Late', 'u1', '2025-02-02Z'); SELECT cdp.refresh();
	SELECT cdp.retract(message_ids => '{late}')});
is(drop('2025-03-01Z', 1), '02|dropped', 'an event that was taken back is not in the way');
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp") VALUES ('late', 'track', 'Late', 'u1', '2025-02-02Z'); SELECT cdp.refresh()});
is($node->safe_psql('postgres', q{SELECT count(*) FROM cdp.events WHERE event = 'Late'}), '1', 'a late event makes the month anew');
is($node->safe_psql('postgres', q{SELECT events FROM cdp.retract(message_ids => '{late}')}), '1', '… and can be taken back');
all_is_well('without February');

# ---- kill -9 while a month is folded, and between the fold and the drop
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.folded_month IN EXCLUSIVE MODE');
my $fold = IPC::Run::start([ 'psql', '-X', '-c', q{SELECT cdp.drop_events('2025-04-01Z')}, $node->connstr('postgres') ], '>', \my $output, '2>', \my $errors);
ok( $node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%cdp.drop_events(%' AND wait_event_type = 'Lock'}), 'a fold waits');
kill 'KILL', $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%cdp.drop_events(%' AND wait_event_type = 'Lock'});
$fold->finish;
$holder->{run}->kill_kill;
$reader->{run}->kill_kill;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
all_is_well('after a kill before March is folded');
is(drop('2025-04-01Z', 1), "02|dropped\n03|held", 'March is folded, and what is left of February goes');
$node->stop('immediate');
$node->start;
all_is_well('after a crash before March is dropped');

# ---- a dump of a month that is marked, and one that is gone
my $dump = "$PostgreSQL::Test::Utils::tmp_check/dropped.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'a dump');
is(drop('2025-04-01Z', 1), '03|dropped', 'March is dropped');
$node->safe_psql('postgres', "CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8'");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], '… is restored');
is($node->safe_psql('restored', 'SELECT * FROM cdp.verify()'), '', 'all is well in it');
is($node->safe_psql('restored', $people), $before, '… and people are who they were');
# as if it came from a server that had more transactions than this one
$node->safe_psql('restored', q{UPDATE cdp_data.folded_month SET folded_by = '999999999999'});
is( $node->safe_psql('restored', q{SELECT state FROM cdp.drop_events('2025-04-01Z', 0)}), 'dropped', 'March is dropped there, too');
is($node->safe_psql('restored', $people), $before, '… without a change');

# ---- what the log lacks is not folded
$node->safe_psql('postgres', 'ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2025_04');
like(as('boss', q{SELECT cdp.drop_events('2025-06-01Z')}), qr/the log lacks/, 'a month that was detached is noticed');
$node->safe_psql('postgres', q{ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2025_04 FOR VALUES FROM ('2025-04-01Z') TO ('2025-05-01Z')});
all_is_well('at the end');
is($node->safe_psql('postgres', 'SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch()'), '0|0|0|0', 'nothing is left to mend');
all_is_well('after restitch');

# ---- the second of two months is in use, as by autovacuum: the log is locked by then, so the drop tries once
is(drop('2025-06-01Z', 2), "04|held\n05|held", 'two months are folded');
$holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.event_2025_05 IN SHARE UPDATE EXCLUSIVE MODE');
$log = -s $node->logfile;
is( $node->safe_psql('postgres', q{SET deadlock_timeout = '1ms'; SET log_lock_waits = on; SELECT to_char(month, 'MM'), state FROM cdp.drop_events('2025-06-01Z', 0)}),
	"04|dropped\n05|held", 'one is dropped');
my @waits = PostgreSQL::Test::Utils::slurp_file($node->logfile, $log) =~ /(waiting for AccessExclusiveLock)/g;
is(scalar @waits, 1, '… the other is waited for once');
$holder->query_safe('COMMIT');
$holder->quit;
is(drop('2025-06-01Z', 0), '05|dropped', '… and dropped later');
all_is_well('without any month');

$node->stop;
done_testing();
