# What ends a refresh from outside, and rows at fault in great number: nothing is lost, nothing stops.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('failed_rows');
my $counts = 'taken, accepted, quarantined';
my $waiting = 'SELECT count(*) FROM cdp.inbox';
my $unlimited = 'SELECT last_value = 9223372036854775807 FROM cdp_data.attempt';

sub sql { return $node->safe_psql('postgres', shift); }
sub write_rows
{
	my ($name, $rows) = @_;
	return sql(qq{INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") SELECT '$name ' || i, 'u' || i % 50, 'View', '2026-01-01' FROM generate_series(1, $rows) i});
}

sql(q{
	CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'fault' USING ERRCODE = TG_ARGV[0];
	END $$;
	CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		PERFORM pg_sleep(600);
		RETURN NEW;
	END $$;});

# ---------------------------------------------------------------- statement_timeout
write_rows('slow', 8);
sql(q{CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW WHEN (NEW.message_id = 'slow 5') EXECUTE FUNCTION doze()});
my $attempts = 0;
while ($attempts < 20 && sql($waiting) > 0)
{
	$attempts++;
	my ($status, $output, $errors) = $node->psql('postgres', 'SELECT cdp.refresh()', extra_params => ['-q'],
		on_error_die => 0, on_error_stop => 0, connstr => $node->connstr('postgres') . " options='-c statement_timeout=3s'");
	next if $status == 0;
	like($errors, qr/canceling statement due to statement timeout/, "attempt $attempts is broken off");
}
cmp_ok($attempts, '<=', 14, "the slow row is out of the way after $attempts refreshes");
is(sql('SELECT reason, detail, record ->> \'message_id\' FROM cdp.quarantine'),
	'failed|broken off three times, by query_canceled, out_of_memory or configuration_limit_exceeded|slow 5', 'it is set aside');
is(sql('SELECT count(*) FROM cdp_data.event'), 7, 'all others arrived');
is(sql($unlimited), 't', 'and the next refresh may take any number');
sql('DROP TRIGGER fault ON cdp_data.event; SELECT cdp.replay()');
is(sql("SELECT $counts FROM cdp.refresh()"), '1|1|0', 'repaired, it arrives');

# a batch that is slow as a whole: smaller ones go on, and grow again
write_rows('many', 1000);
sql('ALTER SEQUENCE cdp_data.attempt RESTART 100');
is(sql("SELECT $counts FROM cdp.refresh()"), '100|100|0', 'after a broken off refresh of 200');
is(sql("SELECT $counts FROM cdp.refresh()"), '200|200|0', 'twice as many');
is(sql("SELECT $counts FROM cdp.refresh()"), '400|400|0', 'and again');
is(sql("SELECT $counts FROM cdp.refresh()"), '300|300|0', 'the rest');
sql('ALTER SEQUENCE cdp_data.attempt RESTART 9223372036854775807');

# ---------------------------------------------------------------- a backend that is terminated
write_rows('kill', 10);
sql(q{CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION doze()});
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_until(qr/begun/, "\\echo begun\nSELECT cdp.refresh();\n");
$node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')}) or die 'no refresh';
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
$node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')});
sql('DROP TRIGGER fault ON cdp_data.event');
is(sql($waiting), 10, 'a terminated refresh leaves the inbox as it was');
is(sql("SELECT $counts FROM cdp.refresh()"), '10|10|0', 'the next one takes all');
eval { $session->quit };

# ---------------------------------------------------------------- 1,001 rows at fault, and 1,000
sql(q{CREATE TRIGGER fault BEFORE INSERT ON cdp_data.message FOR EACH ROW WHEN (NEW.batch_id > 0) EXECUTE FUNCTION fault('22P02')});
write_rows('bad', 1001);
sql(q{INSERT INTO cdp.inbox (user_id, event, "timestamp") SELECT 'u', 'View', '2026-01-01' FROM generate_series(1, 100)});
my ($status, $output, $errors) = $node->psql('postgres', 'SELECT cdp.refresh()');
like($errors, qr/ERROR:  fault/, '1,001 rows of one SQLSTATE: the error');
is(sql($waiting), 1101, 'with the inbox as it was');
is(sql($unlimited), 't', 'and no limit for the next');
is(sql('SELECT count(*) FROM cdp.quarantine'), 0, 'nothing is set aside');
sql(q{DELETE FROM cdp.inbox WHERE message_id = 'bad 1'});
is(sql("SELECT $counts FROM cdp.refresh()"), '1100|100|1000', '1,000: they are set aside');
sql(q{DROP TRIGGER fault ON cdp_data.message});
is(sql('SELECT cdp.replay()'), 1000, 'all come back');
is(sql("SELECT $counts FROM cdp.refresh()"), '1000|1000|0', 'and arrive');

# ---------------------------------------------------------------- no space
SKIP:
{
	skip 'no small file system ($CDP_SMALL_DISK); test/check makes one where it may mount', 6 unless $ENV{CDP_SMALL_DISK};
	my $location = "$ENV{CDP_SMALL_DISK}/failed_rows";
	mkdir $location or die "mkdir $location: $!";
	sql("CREATE TABLESPACE small LOCATION '$location'");
	my $month = sql(q{SELECT to_char(now() AT TIME ZONE 'UTC', '"event_"YYYY_MM')});
	sql("ALTER TABLE cdp_data.$month SET TABLESPACE small");
	sql(q{INSERT INTO cdp.inbox (message_id, user_id, event, properties) SELECT 'space ' || i, 'u', 'View', jsonb_build_object('a', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 60) g WHERE i > 0))
		FROM generate_series(1, 20000) i});
	($status, $output, $errors) = $node->psql('postgres', 'SELECT cdp.refresh()');
	like($errors, qr/No space left on device/, 'a full tablespace: the error');
	is(sql($waiting), 20000, 'with the inbox as it was');
	is(sql('SELECT count(*) FROM cdp.quarantine'), 0, 'and no row blamed');
	is(sql($unlimited), 't', 'nor the size of the batch');
	is(sql(q{SELECT count(*) FROM cdp_data.event WHERE message_id LIKE 'space%'}), 0, 'nothing of it is there');
	sql("ALTER TABLE cdp_data.$month SET TABLESPACE pg_default");
	is(sql("SELECT $counts FROM cdp.refresh()"), '20000|20000|0', 'with space all arrive');
}
# temporary files
sql(q{INSERT INTO cdp.inbox (message_id, user_id, event, properties) SELECT 'temporary ' || i, 'u', 'View', jsonb_build_object('a', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 50) g WHERE i > 0))
	FROM generate_series(1, 50000) i});
is(sql("SET temp_file_limit = '1MB'; SELECT $counts FROM cdp.refresh()"), '50000|50000|0', 'a refresh needs no temporary files');

# a limit of the server
sql(q{CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW WHEN (NEW.batch_id > 0) EXECUTE FUNCTION fault('53400')});
write_rows('limit', 1000);
($status, $output, $errors) = $node->psql('postgres', 'SELECT cdp.refresh()');
like($errors, qr/ERROR:  fault/, 'configuration_limit_exceeded: the error');
cmp_ok(sql('SELECT last_value FROM cdp_data.attempt'), '<=', 500, 'the next one takes less');
sql('DROP TRIGGER fault ON cdp_data.event');
sql(q{DO $$ BEGIN WHILE (SELECT taken FROM cdp.refresh()) > 0 LOOP END LOOP; END $$});
is(sql('SELECT * FROM cdp.verify()'), '', 'the tables hold what the log says');
is(sql('SELECT sum(taken) = sum(accepted + duplicate + quarantined), sum(accepted) = (SELECT count(*) FROM cdp_data.event) FROM cdp.batch'), 't|t', 'no row is lost');

$node->stop;
done_testing();
