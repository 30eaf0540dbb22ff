# The background worker where the library is preloaded: after a restart, a promotion, and as whom.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_node('primary', allows_streaming => 1,
	settings => "shared_preload_libraries = '\$libdir/cdp'\ncdp.worker_interval = 50\ncdp.worker_databases = 'postgres, later, \"No Such\"'\n");
my $accepted = q{SELECT coalesce(sum(accepted), 0) FROM cdp.batch};

sub becomes
{
	my ($node, $database, $query, $wanted, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->poll_query_until($database, $query, $wanted), $name);
	return;
}

sub event
{
	my ($node, $id, $database) = @_;
	$node->safe_psql($database // 'postgres', qq{INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") VALUES ('$id', 'u1', 'x', '2026-01-01')});
	return;
}

sub status
{
	my ($node, $item, $column) = @_;
	return $node->safe_psql('postgres', "SELECT $column FROM cdp.worker_status() WHERE item = '$item'");
}

# the owner of the tables is no superuser, and the settings of its role and database are not those that work needs
$primary->wait_for_log(qr/no cdp worker for database "postgres": it has no tables of cdp/);
pass('a database without tables is told of');
$primary->safe_psql('postgres', q{
	CREATE ROLE keeper LOGIN;
	ALTER ROLE keeper SET default_transaction_isolation = serializable;
	ALTER ROLE keeper SET default_transaction_read_only = on;
	ALTER ROLE keeper SET statement_timeout = 1;
	ALTER ROLE keeper SET row_security = off;
	ALTER ROLE keeper SET track_activities = off;
	ALTER ROLE keeper SET search_path = public;
	CREATE EXTENSION cdp; SELECT cdp.init('keeper')});
event($primary, 'm1');
$primary->reload;
becomes($primary, 'postgres', $accepted, '1', 'it starts by itself where the tables are made');
is($primary->safe_psql('postgres', q{SELECT usename FROM pg_stat_activity WHERE backend_type = 'cdp worker'}), 'keeper', 'as their owner');
is($primary->safe_psql('postgres', q{SELECT wanted IS NULL FROM cdp_data.worker}), 't', 'without being called');
is(status($primary, 'starts by itself', 'value'), 'yes', 'as its state says');

# row security hides nothing from it; forced, it is an error that shows
$primary->safe_psql('postgres', q{ALTER TABLE cdp_data.profile ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON cdp_data.profile USING (false)});
event($primary, 'm2');
becomes($primary, 'postgres', $accepted, '2', 'row security hides nothing from it');
$primary->safe_psql('postgres', 'ALTER TABLE cdp_data.profile FORCE ROW LEVEL SECURITY');
becomes($primary, 'postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'state'}, 'paused', 'forced, it pauses');
is(status($primary, 'last error', 'hint'), 'refresh: 55000: row security is forced on the owner of table cdp_data.profile', 'and says why');
$primary->safe_psql('postgres', 'ALTER TABLE cdp_data.profile DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY');

# who may start and stop it
$primary->safe_psql('postgres', q{
	CREATE ROLE helper LOGIN; SELECT cdp.grant_access('helper', 'steward');
	CREATE ROLE reader LOGIN; SELECT cdp.grant_access('reader', 'analyst')});
$primary->psql('postgres', 'SELECT cdp.start_worker()', extra_params => [ '-U', 'helper' ]);
event($primary, 'm3');
becomes($primary, 'postgres', $accepted, '3', 'a steward ends its pause');
is($primary->safe_psql('postgres', q{SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'cdp worker'}), 'keeper', 'it works as the owner all the same');
is($primary->safe_psql('postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'pid'}, extra_params => [ '-U', 'helper' ]),
	$primary->safe_psql('postgres', q{SELECT pid FROM pg_locks WHERE classid = 1262 AND objsubid = 1 AND mode = 'ExclusiveLock'}), 'a steward sees what it does');
for my $query ('SELECT cdp.start_worker()', 'SELECT cdp.stop_worker()', 'SELECT * FROM cdp.worker_status()', 'TABLE cdp.worker_run', 'SELECT cdp_internal.worker_launch()')
{
	like(($primary->psql('postgres', $query, extra_params => [ '-U', 'reader' ]))[2], qr/permission denied/, "an analyst may not: $query");
}

# after a restart
$primary->restart;
event($primary, 'm4');
becomes($primary, 'postgres', $accepted, '4', 'it starts after a restart');
$primary->safe_psql('postgres', 'SELECT cdp.stop_worker()');
becomes($primary, 'postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'state'}, 'stopped', 'stopped');
$primary->restart;
event($primary, 'm5');
becomes($primary, 'postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'starts by itself'}, 'yes', 'the launcher is there');
is($primary->safe_psql('postgres', $accepted), '4', 'but what was stopped stays so');
$primary->safe_psql('postgres', 'SELECT cdp.start_worker()');
becomes($primary, 'postgres', $accepted, '5', 'until it is started');

# a database made later, and one that is listed no more
$primary->safe_psql('postgres', 'CREATE DATABASE later');
$primary->safe_psql('later', 'CREATE EXTENSION cdp; SELECT cdp.init()');
event($primary, 'l1', 'later');
$primary->reload;
becomes($primary, 'later', $accepted, '1', 'a database made later');
$primary->append_conf('postgresql.conf', "cdp.worker_databases = 'postgres'\n");
$primary->reload;
becomes($primary, 'later', q{SELECT value FROM cdp.worker_status() WHERE item = 'state'}, 'not running', 'listed no more, it leaves');

# ended, it is started again by the launcher
my $pid = $primary->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'cdp worker'});
$primary->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
event($primary, 'm6');
becomes($primary, 'postgres', $accepted, '6', 'it comes back after pg_terminate_backend');

# a standby, and its promotion
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'cdp%'}), '0', 'nothing runs on a standby');
is(status($standby, 'reason', "value || ': ' || hint"), 'the server is a standby: it starts by itself after a promotion', 'and its state says why');
like(($standby->psql('postgres', 'SELECT cdp.start_worker()'))[2], qr/ERROR:  recovery is in progress/, 'nor can it be started');
like(($standby->psql('postgres', 'SELECT cdp.stop_worker()'))[2], qr/ERROR:  recovery is in progress/, 'or stopped');
$primary->stop;
$standby->promote;
event($standby, 'm7');
becomes($standby, 'postgres', $accepted, '7', 'promoted, it starts by itself');

# an owner that may not log in
$standby->safe_psql('postgres', 'SELECT cdp.stop_worker()');
becomes($standby, 'postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'state'}, 'stopped', 'stopped');
$standby->safe_psql('postgres', 'ALTER ROLE keeper NOLOGIN');
if ($standby->pg_version >= 17)
{
	event($standby, 'm8');
	$standby->safe_psql('postgres', 'SELECT cdp.start_worker()');
	becomes($standby, 'postgres', $accepted, '8', 'an owner that may not log in');
}
else
{
	like(($standby->psql('postgres', 'SELECT cdp.start_worker()'))[2], qr/ERROR:  role "keeper" may not log in/, 'an owner that may not log in');
}
like(($standby->psql('postgres', q{ALTER SYSTEM SET cdp.worker_databases = 'a,,b'}))[2], qr/invalid value for parameter "cdp.worker_databases"/, 'a list that is none');
$standby->stop;
done_testing();
