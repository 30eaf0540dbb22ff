# The store's direct form beside its SQL form: what a subscriber to the log is told, what a crash leaves, and what is
# done about rows that another transaction is changing.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use CdpTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('store', settings => "wal_level = logical\nmax_replication_slots = 4\nautovacuum = off\n");
sub query { return $node->safe_psql('postgres', $_[0]) }
query('CREATE EXTENSION cdp_store_test');

# --- logical decoding: both forms tell the same, whatever the replica identity
for my $form ('direct', 'sql')
{
	query(<<"SQL");
CREATE SCHEMA $form;
CREATE TABLE $form.t (id bigint PRIMARY KEY, n integer, big text);
CREATE TABLE $form.f (id bigint PRIMARY KEY, n integer, big text);
ALTER TABLE $form.f REPLICA IDENTITY FULL;
CREATE TABLE $form.e (id bigint, at integer, n integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE $form.e_1 PARTITION OF $form.e FOR VALUES FROM (0) TO (10);
CREATE TABLE $form.e_2 PARTITION OF $form.e FOR VALUES FROM (10) TO (20);
SQL
}
query("SELECT pg_create_logical_replication_slot('slot', 'test_decoding')");

# work FORM: the changes that it makes, as decoded
sub work
{
	my ($form) = @_;
	query(<<"SQL");
BEGIN;
SELECT store_test.insert('$form', '$form.' || t, '{id,n,big}', '{1,2,3}'::bigint[], '{1,2,3}'::integer[],
	ARRAY['small', NULL, (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)]) FROM unnest('{t,f}'::text[]) t;
SELECT store_test.update('$form', '$form.' || t, '{id}', '{n}', '{1,3}'::bigint[], '{10,30}'::integer[]) FROM unnest('{t,f}'::text[]) t;
SELECT store_test.update('$form', '$form.' || t, '{id}', '{id}', '{2}'::bigint[], '{20}'::bigint[]) FROM unnest('{t,f}'::text[]) t;
SELECT store_test.delete('$form', '$form.' || t, '{id}', '{1,3}'::bigint[]) FROM unnest('{t,f}'::text[]) t;
SELECT store_test.insert('$form', '$form.e', '{id,at,n}', '{1,2,3}'::bigint[], '{1,2,13}'::integer[], '{1,1,1}'::integer[]);
SELECT store_test.upsert('$form', '$form.e', '{id,at}', '{n}', '{3,4}'::bigint[], '{13,4}'::integer[], '{2,2}'::integer[]);
COMMIT;
SQL
	my $changes = query("SELECT data FROM pg_logical_slot_get_changes('slot', NULL, NULL, 'include-xids', '0')");
	$changes =~ s/\b$form\./any./g;
	return $changes;
}
my $direct = work('direct');
my $sql = work('sql');
is($direct, $sql, 'the log says the same of both forms');
like($direct, qr/UPDATE: id.bigint.:3 n.integer.:30 big.text.:unchanged-toast-datum/, 'a large value that stays is not written again');
like($direct, qr/table any.f: DELETE: id.bigint.:1 n.integer.:10 big.text.:'small'/, 'a replica identity that is full is kept');
is(() = $direct =~ /INSERT/g, 10, 'each row that is inserted is told');

# --- a table that publishes updates and has no replica identity refuses them in both forms
query('CREATE TABLE public.anon (id bigint, n integer); CREATE INDEX ON anon (id); INSERT INTO anon VALUES (1, 1); CREATE PUBLICATION p FOR TABLE anon');
for my $form ('direct', 'sql')
{
	for my $call ("update('$form', 'public.anon', '{id}', '{n}', '{1}'::bigint[], '{2}'::integer[])", "delete('$form', 'public.anon', '{id}', '{1}'::bigint[])")
	{
		my ($status, $out, $error) = $node->psql('postgres', "SELECT store_test.$call");
		like($error, qr/cannot (update|delete from) table "anon" because it does not have a replica identity/, "$form refuses " . substr($call, 0, 6));
	}
}
query('DROP PUBLICATION p');

# --- rows that another transaction is changing: at READ COMMITTED a call waits and goes on with what came of it
for my $form ('direct', 'sql')
{
	for my $case (
		[ 'commits an update', 'UPDATE c SET m = 5 WHERE id = 2; COMMIT', '(1,1,10) (2,5,20) (3,3,30)', '(1,1,1) (3,3,3)' ],
		[ 'rolls an update back', 'UPDATE c SET m = 5 WHERE id = 2; ROLLBACK', '(1,1,10) (2,2,20) (3,3,30)', '(1,1,1) (3,3,3)' ],
		[ 'commits a delete', 'DELETE FROM c WHERE id = 2; COMMIT', '(1,1,10) (3,3,30)', '(1,1,1) (3,3,3)' ],
		[ 'commits another key', 'UPDATE c SET id = 7 WHERE id = 2; COMMIT', '(1,1,10) (3,3,30) (7,2,2)', '(1,1,1) (3,3,3) (7,2,2)' ],
		[ 'updates twice', 'UPDATE c SET m = 5 WHERE id = 2; UPDATE c SET m = m + 1 WHERE id = 2; COMMIT', '(1,1,10) (2,6,20) (3,3,30)', '(1,1,1) (3,3,3)' ])
	{
		my ($what, $other, $updated, $deleted) = @$case;
		for my $call (
			[ "SELECT store_test.update('$form', 'public.c', '{id}', '{n}', '{3,2,1}'::bigint[], '{30,20,10}'::integer[])", $updated, 'an update' ],
			[ "SELECT store_test.delete('$form', 'public.c', '{id}', '{2}'::bigint[])", $deleted, 'a delete' ])
		{
			query('DROP TABLE IF EXISTS c; CREATE TABLE c (id bigint PRIMARY KEY, m integer, n integer); CREATE INDEX ON c (n); INSERT INTO c SELECT i, i, i FROM generate_series(1, 3) i');
			is(beside($other, $call->[0]), '', "$call->[2] by $form, while another $what") or next;
			is(query("SELECT string_agg(c::text, ' ' ORDER BY id) FROM c"), $call->[1], 'and what is left');
			is(query("SET enable_seqscan = off; SELECT count(*) FROM c WHERE n > 0"), query("SELECT count(*) FROM c"), 'and in the index');
		}
	}
	query('DROP TABLE IF EXISTS c; CREATE TABLE c (id bigint PRIMARY KEY, m integer, n integer); INSERT INTO c SELECT i, i, i FROM generate_series(1, 3) i');
	like(beside('UPDATE c SET m = 5 WHERE id = 2; COMMIT',
			"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT store_test.update('$form', 'public.c', '{id}', '{n}', '{3,2,1}'::bigint[], '{30,20,10}'::integer[]); COMMIT"),
		qr/could not serialize access due to concurrent update/, "$form at REPEATABLE READ raises a serialization failure");
	like(beside('INSERT INTO c VALUES (9, 9, 9); COMMIT', "SELECT store_test.insert('$form', 'public.c', '{id}', '{8,9}'::bigint[])"),
		qr/duplicate key value violates unique constraint "c_pkey"/, "$form waits for a key that another inserts");
	is(beside('INSERT INTO c VALUES (10, 9, 9); ROLLBACK', "SELECT store_test.insert('$form', 'public.c', '{id}', '{8,10}'::bigint[])"), '', 'and goes on if it does not');
}

# beside OTHER, CALL: the errors of a call that runs while another transaction has begun to change rows, and then ends
sub beside
{
	my ($other, $call) = @_;
	my ($first, $end) = $other =~ /^(.*); (COMMIT|ROLLBACK)$/;
	my ($in, $out, $timer) = ('', '', IPC::Run::timeout(180));
	my $session = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, $timer);
	$in .= "BEGIN; $first;\n\\echo begun\n";
	$session->pump until $out =~ /begun/;
	my $error = '';
	my $waiter = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $call ], '<', \undef, '>', \my $ignored, '2>', \$error, $timer);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'transactionid'")
		or die 'nothing waits';
	$in .= "$end;\n\\q\n";
	$session->finish;
	$waiter->finish;
	return $error;
}

# --- an index of blocks asks once for each range to be summarized (nothing takes the requests here, and there is room for 256)
my $log = -s $node->logfile;
query('CREATE TABLE ranges (id bigint, fill text); CREATE INDEX ON ranges USING brin (id) WITH (pages_per_range = 1, autosummarize)');
query("SELECT store_test.insert('direct', 'public.ranges', '{id,fill}', array_agg(i::bigint), array_agg(repeat('x', 1900))) FROM generate_series(1, 800) i");
is(query("SELECT pg_relation_size('ranges') / 8192"), 200, 'as many ranges as there is room for');
unlike(slurp_file($node->logfile, $log), qr/not recorded/, 'and each asked once to be summarized');

# --- a crash leaves all of a transaction or nothing
query('CREATE TABLE k (id bigint PRIMARY KEY, n integer, big text); CREATE INDEX ON k (n)');
query("SELECT store_test.insert('direct', 'public.k', '{id,n,big}', array_agg(i::bigint), array_agg(i), array_agg(repeat(md5(i::text), 200))) FROM generate_series(1, 5000) i");
query("SELECT store_test.update('direct', 'public.k', '{id}', '{n}', array_agg(i::bigint), array_agg(-i)) FROM generate_series(1, 5000, 3) i");
query("SELECT store_test.delete('direct', 'public.k', '{id}', array_agg(i::bigint)) FROM generate_series(1, 5000, 5) i");
$node->stop('immediate');
$node->start;
query('CREATE EXTENSION amcheck');
is(query("SELECT count(*), sum(n), sum(length(big)) FROM k"), '4000|' . query("SELECT sum(CASE WHEN i % 3 = 1 THEN -i ELSE i END) || '|' || 4000 * 6400 FROM generate_series(1, 5000) i WHERE i % 5 <> 1"), 'what was committed is there');
is(query("SELECT count(bt_index_check(indexrelid, true)) FROM pg_index WHERE indrelid = 'k'::regclass"), 2, 'and in the indexes');
$node->stop;
done_testing();
