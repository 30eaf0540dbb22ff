# Connections over kill -9 in the middle of reading a table, over a dump and restore, to foreign tables, and to tables
# that logical replication writes.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', allows_streaming => 'logical', settings => "restart_after_crash = on\n");
$node->safe_psql('postgres', q{
	CREATE TABLE orders (id integer PRIMARY KEY, who text, total integer);
	INSERT INTO orders SELECT i, 'w' || i % 300, i FROM generate_series(1, 6000) i;
	SELECT cdp.connect('orders', event => $$ 'o' $$, identifiers => '{"user_id": "who"}', properties => '["total"]');
	SELECT cdp.refresh(2000)});
my $differs = q{SELECT count(*) FROM orders o FULL JOIN (SELECT * FROM cdp.events WHERE source = 'orders') e ON e.message_id = 'orders:' || o.id
	WHERE o.total IS DISTINCT FROM (e.properties ->> 'total')::integer OR o.who IS DISTINCT FROM e.user_id};
my $state = q{SELECT state, sent, waiting FROM cdp.connection WHERE name = 'orders'};
is($node->safe_psql('postgres', $state), 'backfilling|2000|0', 'a third is read');

# a lock on the profiles stops a refresh behind its reading
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.profile IN EXCLUSIVE MODE');
my $refresh = IPC::Run::start([ 'psql', '-X', '-c', 'SELECT cdp.refresh(2000)', $node->connstr('postgres') ], '>', \my $output, '2>', \my $errors);
my $waits = q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%cdp.refresh(2000)%' AND wait_event_type = 'Lock'};
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($waits) w") or die 'nothing waits';
# what is written meanwhile is noted
$node->safe_psql('postgres', 'UPDATE orders SET total = -total WHERE id % 1000 = 5; DELETE FROM orders WHERE id IN (10, 3010, 5010)');
kill 'KILL', $node->safe_psql('postgres', $waits);
$refresh->finish;
$holder->{run}->kill_kill;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
is($node->safe_psql('postgres', $state), 'backfilling|2000|9', 'as before the refresh, and what was written waits');
$node->safe_psql('postgres', 'SELECT cdp.refresh(2000)') for 1 .. 3;
is($node->safe_psql('postgres', $state), 'live|6006|0', 'all is read');
is($node->safe_psql('postgres', $differs), '0', 'and nothing twice');

# a table that is locked keeps a refresh waiting for a while, and then only itself
$holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") VALUES ('x', 'w1', 'x', '2026-01-01')});
$refresh = IPC::Run::start([ 'psql', '-XAtq', '-c', 'SELECT accepted FROM cdp.refresh(100000)', $node->connstr('postgres') ], '>', \$output, '2>', \$errors);
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM cdp.progress WHERE (work, stage, done, total) = ('pull', 'read', 0, 99999)}), 'what it waits for shows');
is($node->safe_psql('postgres', 'SELECT share_read FROM cdp.connection'), '1.000', 'connections can be looked at meanwhile');
$refresh->finish;
is($output, "1\n", 'others are refreshed');
like($node->safe_psql('postgres', 'SELECT state, error FROM cdp.connection'), qr/^failing\|55P03: canceling statement due to lock timeout/, 'it shows');
$holder->query_safe('COMMIT');
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
is($node->safe_psql('postgres', 'SELECT state, error FROM cdp.connection'), 'live|', 'and is over');

# a dump takes connections and triggers along
$node->safe_psql('postgres', q{INSERT INTO orders VALUES (7001, 'w1', 1)});
my $dump = $node->basedir . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'restored');
$node->safe_psql('restored', q{INSERT INTO orders VALUES (7002, 'w2', 2); DELETE FROM orders WHERE id = 1});
$node->safe_psql('restored', 'SELECT cdp.refresh()');
is($node->safe_psql('restored', 'SELECT state, error, waiting FROM cdp.connection'), 'live||0', 'it goes on there');
is($node->safe_psql('restored', $differs), '0', 'with what waited and what is written');
is($node->safe_psql('restored', 'SELECT count(*) FROM cdp.verify()'), '0', 'nothing differs');

# a table of another database
my $connection = sprintf q{host '%s', port '%s', dbname 'other'}, $node->host, $node->port;
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', q{
	CREATE TABLE contacts (id integer PRIMARY KEY, mail text, updated_at timestamptz NOT NULL);
	INSERT INTO contacts SELECT i, 'c' || i || '@example.com', timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 2500) i});
$node->safe_psql('postgres', qq{
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS ($connection);
	CREATE USER MAPPING FOR postgres SERVER other OPTIONS (user 'postgres');
	IMPORT FOREIGN SCHEMA public LIMIT TO (contacts) FROM SERVER other INTO public});
my $connect = q{SELECT cdp.connect('contacts', identifiers => '{"user_id": "id", "email": "mail"}', traits => '{"email": "mail"}', key => 'id'};
like(($node->psql('postgres', "$connect)"))[2], qr/contacts cannot be followed by trigger/, 'a foreign table sees no writes');
$node->safe_psql('postgres', "$connect, cursor_column => 'updated_at')");
is($node->safe_psql('postgres', q{SELECT margin FROM cdp_data.connected_table WHERE name = 'contacts'}), '00:01:00', 'whose transactions are not known');
$node->safe_psql('postgres', q{SELECT cdp.connect('contacts', identifiers => '{"user_id": "id", "email": "mail"}', traits => '{"email": "mail"}', key => 'id',
	cursor_column => 'updated_at', margin => '0', replace => true)});
is($node->safe_psql('postgres', 'SELECT accepted FROM cdp.refresh(1000)'), '1000', 'read in parts');
$node->safe_psql('postgres', 'SELECT cdp.refresh(1000)') for 1 .. 2;
$node->safe_psql('other', q{UPDATE contacts SET mail = 'new@example.com', updated_at = '2027-01-01' WHERE id = 3});
is($node->safe_psql('postgres', 'SELECT accepted FROM cdp.refresh()'), '1', 'and followed');
is($node->safe_psql('postgres', q{SELECT traits FROM cdp.events WHERE message_id = 'contacts:3'}), '{"email": "new@example.com"}', 'as it is now');
$node->safe_psql('other', 'ALTER TABLE contacts RENAME TO people');
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
like($node->safe_psql('postgres', q{SELECT state, error FROM cdp.connection WHERE name = 'contacts'}), qr/^failing\|42P01: .*contacts/, 'what is wrong there shows');
$node->safe_psql('other', 'ALTER TABLE people RENAME TO contacts');
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
is($node->safe_psql('postgres', q{SELECT state, error FROM cdp.connection WHERE name = 'contacts'}), 'live|', 'and is over');

# a table that a subscription writes: row by row, and always
my $away = new_platform('away', allows_streaming => 'logical');
$node->safe_psql('other', 'CREATE TABLE visits (id integer PRIMARY KEY, who text)');
$away->safe_psql('postgres', 'CREATE TABLE visits (id integer PRIMARY KEY, who text)');
$away->safe_psql('postgres', q{SELECT cdp.connect('visits', event => $$ 'v' $$, identifiers => '{"user_id": "who"}'); SELECT cdp.refresh()});
$node->safe_psql('other', q{CREATE PUBLICATION visits FOR TABLE visits; INSERT INTO visits VALUES (1, 'w1')});
$away->safe_psql('postgres', sprintf q{CREATE SUBSCRIPTION visits CONNECTION $c$%s$c$ PUBLICATION visits}, $node->connstr('other'));
$away->wait_for_subscription_sync;
$away->safe_psql('postgres', 'SELECT cdp.refresh()');
is($away->safe_psql('postgres', 'SELECT state, error FROM cdp.connection'),
	'failing|55000: the table is a partition, has partitions or children, or is written by a subscription, and has no row trigger of cdp: reconnect to mend that',
	'a subscription is found');
$away->safe_psql('postgres', q{SELECT cdp.reconnect('visits')});
$node->safe_psql('other', q{INSERT INTO visits VALUES (2, 'w2'), (3, 'w3'); UPDATE visits SET who = 'w22' WHERE id = 2; DELETE FROM visits WHERE id = 3});
$node->wait_for_catchup('visits');
$away->safe_psql('postgres', 'SELECT cdp.refresh()');
is($away->safe_psql('postgres', q{SELECT string_agg(message_id || ' ' || user_id, ', ' ORDER BY message_id) FROM cdp.events}), 'visits:1 w1, visits:2 w22', 'its writes are followed');
is($away->safe_psql('postgres', 'SELECT state FROM cdp.connection'), 'live', 'it is live');
$away->safe_psql('postgres', 'DROP SUBSCRIPTION visits');

$away->stop;
$node->stop;
done_testing();
