# Refresh beside other transactions: a dump and a reader with one snapshot see each row once, in the
# inbox or in the log, whenever that snapshot was taken; and a writer that commits late is not forgotten.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('claim', settings => "autovacuum = off\n");

# Rows of one batch, wide enough that an inbox has hundreds of blocks.
sub write_rows
{
	my ($session, $name, $rows) = @_;
	my $statement = qq{INSERT INTO cdp.inbox (message_id, user_id, event, properties, "timestamp")
		SELECT '$name ' || i, 'u' || i % 50, 'View', jsonb_build_object('text', repeat(md5(i::text), 20)), '2026-01-01' FROM generate_series(1, $rows) i};
	return ref($session) eq 'PostgreSQL::Test::Cluster' ? $session->safe_psql('postgres', $statement) : $session->query_safe($statement);
}

# Each message once, in the inbox or in the log: how many there are, and how many stand twice.
my $seen = q{SELECT count(*), count(*) - count(DISTINCT message_id) FROM (SELECT message_id FROM cdp.inbox UNION ALL SELECT message_id FROM cdp_data.event) m};

# A dump with a snapshot, restored: what it holds.
my $dumps = 0;
sub restored
{
	my ($snapshot) = @_;
	my $database = 'restored' . ++$dumps;
	my $file = $node->basedir . "/$database.sql";
	$node->command_ok([ 'pg_dump', "--snapshot=$snapshot", '-f', $file, $node->connstr('postgres') ], "dump $dumps");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr($database) ], "restore $dumps");
	return $node->safe_psql($database, $seen);
}

sub reader
{
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	return ($session, $session->query_safe('SELECT pg_export_snapshot()'));
}

# ---------------------------------------------------------------- dumps and readers
write_rows($node, 'early', 3000);
my ($before, $snapshot_before) = reader();
my $refresh = $node->background_psql('postgres');
$refresh->query_safe('BEGIN; SELECT cdp.refresh(2000)');
my ($during, $snapshot_during) = reader();
is(restored($snapshot_during), '3000|0', 'a dump while a refresh is under way has each row once');
$refresh->query_safe('COMMIT');
my ($between, $snapshot_between) = reader();
$node->safe_psql('postgres', 'SELECT cdp.refresh(); SELECT cdp.refresh()');
write_rows($node, 'later', 500);
$node->safe_psql('postgres', 'SELECT cdp.refresh(); VACUUM cdp.inbox');
my ($after, $snapshot_after) = reader();
is(restored($snapshot_before), '3000|0', 'a dump with a snapshot from before the refreshes');
is(restored($snapshot_between), '3000|0', 'a dump with a snapshot from between two');
is(restored($snapshot_after), '3500|0', 'a dump with a snapshot from after them');
is($before->query_safe($seen), '3000|0', 'a reader from before');
is($before->query_safe('SELECT count(*) FROM cdp.inbox'), '3000', '… sees all in the inbox');
is($during->query_safe($seen), '3000|0', 'a reader from while the first was under way');
is($between->query_safe($seen), '3000|0', 'a reader from between two');
is($between->query_safe('SELECT count(*) FROM cdp_data.event'), '2000', '… sees what the first one took in the log');
is($after->query_safe($seen), '3500|0', 'a reader from after them');
is($node->safe_psql('restored1', 'SELECT taken, accepted, waiting FROM cdp.refresh()'), '3000|3000|0', 'a restored platform goes on');
is($node->safe_psql('restored1', $seen), '3000|0', '… and has each row once');
$_->quit for ($before, $during, $between, $after, $refresh);

# ---------------------------------------------------------------- a late writer
# A mark far from the beginning; nothing before it is read again without need.
write_rows($node, 'many', 3000);
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
my $writer = $node->background_psql('postgres');
$writer->query_safe('BEGIN');
write_rows($writer, 'late', 10);
write_rows($node, 'behind it', 5000);
is($node->safe_psql('postgres', 'SELECT taken, waiting > 0 FROM cdp.refresh(1000)'), '1000|t', 'rows behind the writer are taken');
$writer->query_safe('COMMIT');
my $late = q{SELECT count(*) FROM cdp_data.event WHERE message_id LIKE 'late %'};
# as if passes were dear, and the last one half a minute ago: only the mark counts
$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp() - interval '30 seconds', pass_cost = '10 seconds'});
is($node->safe_psql('postgres', 'SELECT taken FROM cdp.refresh(500)'), '500', 'more are taken');
is($node->safe_psql('postgres', $late), '0', 'the late ones wait');
$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp() - interval '61 seconds', pass_cost = '10 seconds'});
is($node->safe_psql('postgres', 'SELECT taken FROM cdp.refresh(500)'), '500', 'a minute after the last pass');
is($node->safe_psql('postgres', $late), '10', 'the late ones are taken, with backlog');

# late again: the refresh that finds nothing else takes them
$writer->query_safe('BEGIN');
write_rows($writer, 'last', 10);
write_rows($node, 'still behind', 2000);
$node->safe_psql('postgres', 'SELECT cdp.refresh()');
$writer->query_safe('COMMIT');
$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp(), pass_cost = '10 seconds'});
is($node->safe_psql('postgres', 'SELECT taken, waiting FROM cdp.refresh()'), '10|0', 'a refresh that finds nothing else takes the late ones');
is($node->safe_psql('postgres', 'SELECT taken, waiting FROM cdp.refresh()'), '0|0', 'and nothing is left');
# three times its cost after a pass none is due, 201 times it is
$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp() - interval '30 seconds', pass_cost = '10 seconds'});
is($node->safe_psql('postgres', q{SELECT m.block > 0 AND cdp_internal.next_block('inbox') = m.block FROM cdp_data.inbox_mark m WHERE m.inbox = 'inbox'}), 't', 'none is due before that');
$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp() - interval '201 ms', pass_cost = '1 ms'});
is($node->safe_psql('postgres', q{SELECT cdp_internal.next_block('inbox')}), '0', 'a pass is due when the last one is older than 200 times its cost');

# ---------------------------------------------------------------- the file becomes shorter
for my $shrink ('TRUNCATE cdp.inbox', 'VACUUM FULL cdp.inbox', 'VACUUM cdp.inbox')
{
	write_rows($node, "before $shrink", 3000);
	$node->safe_psql('postgres', 'SELECT cdp.refresh()');
	$node->safe_psql('postgres', $shrink);
	is($node->safe_psql('postgres', q{SELECT block >= pg_relation_size('cdp.inbox') / current_setting('block_size')::int FROM cdp_data.inbox_mark WHERE inbox = 'inbox'}),
		't', "a mark beyond the end, after $shrink");
	write_rows($node, "after $shrink", 20);
	$node->safe_psql('postgres', q{UPDATE cdp_data.inbox_mark SET passed_at = clock_timestamp(), pass_cost = '1 minute'});
	is($node->safe_psql('postgres', 'SELECT taken FROM cdp.refresh()'), '20', "rows are found after $shrink");
}

# ---------------------------------------------------------------- neither inbox starves the other
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox_raw (line) SELECT '{"userId": "r' || i || '", "event": "Line"}' FROM generate_series(1, 300) i});
write_rows($node, 'busy', 3000);
for my $round (1 .. 3)
{
	is($node->safe_psql('postgres', q{SELECT taken FROM cdp.refresh(1000)}), '1000', "round $round of a busy inbox");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.inbox_raw'), 300 - 100 * $round, "a tenth are lines");
}
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'the tables hold what the log says');

$writer->quit;
$node->stop;
done_testing();
