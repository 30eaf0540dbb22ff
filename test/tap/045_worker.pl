# The background worker: how it starts, pauses, leaves and comes back.  Each wait is for a state, and has a bound.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', settings => "restart_after_crash = on\ncdp.worker_interval = 50\nmax_worker_processes = 6\nmax_prepared_transactions = 1\n");
my $tag = q{classid = 1262 AND objsubid = 1 AND mode = 'ExclusiveLock' AND granted};
my $workers = qq{SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() WHERE $tag};
my $pid = qq{SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() WHERE $tag};
my $state = q{SELECT value FROM cdp.worker_status() WHERE item = 'state'};
my $accepted = q{SELECT coalesce(sum(accepted), 0) FROM cdp.batch};

sub becomes
{
	my ($database, $query, $wanted, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->poll_query_until($database, $query, $wanted), $name);
	return;
}

sub event
{
	my ($id, $database) = @_;
	$node->safe_psql($database // 'postgres', qq{INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") VALUES ('$id', 'u1', 'x', '2026-01-01')});
	return;
}

sub status
{
	my ($item, $column, $database) = @_;
	return $node->safe_psql($database // 'postgres', "SELECT $column FROM cdp.worker_status() WHERE item = '$item'");
}

$node->safe_psql('postgres', 'CREATE DATABASE plain TEMPLATE postgres');

# nothing runs unless told
is(status('state', 'value'), 'not running', 'none at first');
is(status('reason', 'value'), 'cdp.start_worker() was never called', 'and why');
$node->safe_psql('postgres', 'BEGIN; SELECT cdp.start_worker(); ROLLBACK');
event('m1');
is($node->safe_psql('postgres', "$accepted; $state"), "0\nnot running", 'not of a transaction that was rolled back');

# started, twice in one transaction; it begins when that commits
my $starter = $node->background_psql('postgres');
$starter->query('BEGIN; SELECT cdp.start_worker(), cdp.start_worker()');
becomes('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'cdp worker'}, '2', 'two processes wait for the transaction');
is($node->safe_psql('postgres', $accepted), '0', 'and do nothing');
$starter->query_safe('COMMIT');
$starter->quit;
becomes('postgres', $accepted, '1', 'a row that waited is taken');
event('m2');
becomes('postgres', $accepted, '2', 'and one that came');
becomes('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'cdp worker'}, '1', 'one runs');
is($node->safe_psql('postgres', $workers), '1', 'it holds the lock');
like(($node->psql('postgres', 'SELECT cdp.start_worker()'))[2], qr/NOTICE:  the worker runs already/, 'another is not started');
is(status('state', 'value'), 'running', 'its state');
is(status('pid', 'value'), $node->safe_psql('postgres', $pid), 'its process');
is(status('starts by itself', "value || ': ' || hint"), 'no: cdp is not in shared_preload_libraries', 'it will not start by itself');
is($node->safe_psql('postgres', q{SELECT work, sqlstate, sum(runs), sum(done), max(waiting), bool_and(last_at >= first_at AND longest <= elapsed), count(error) FROM cdp.worker_run GROUP BY 1, 2}),
	'refresh|00000|2|2|0|t|0', 'its runs are counted, and those without rows are not');

# idle, it has no transaction and no lock but its own, and writes nothing
my $idle = qq{SELECT count(*) = 1 AND bool_and(a.state = 'idle' AND a.backend_xmin IS NULL AND a.xact_start IS NULL
	AND (SELECT count(*) FROM pg_locks k WHERE k.pid = a.pid) = 1) FROM pg_stat_activity a WHERE a.backend_type = 'cdp worker'};
becomes('postgres', $idle, 't', 'it sleeps without a transaction');
my $written = q{SELECT pg_current_wal_insert_lsn(), (SELECT sum(runs) FROM cdp.worker_run)};
$node->safe_psql('postgres', 'CHECKPOINT');
my $before = $node->safe_psql('postgres', $written);
my $acted = q{SELECT state_change FROM pg_stat_activity WHERE backend_type = 'cdp worker'};
for (1 .. 5)
{
	my $at = $node->safe_psql('postgres', $acted);
	$node->poll_query_until('postgres', "SELECT ($acted) > '$at'");
}
is($node->safe_psql('postgres', $written), $before, 'and writes nothing');

# ended: the server starts it again
my $first = $node->safe_psql('postgres', $pid);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($first)");
becomes('postgres', "SELECT count(*) FROM ($pid) p WHERE pid <> $first", '1', 'it comes back after pg_terminate_backend');
event('m3');
becomes('postgres', $accepted, '3', 'and goes on');
$first = $node->safe_psql('postgres', $pid);
$node->safe_psql('postgres', "SELECT pg_cancel_backend($first) FROM generate_series(1, 3)");
event('m4');
becomes('postgres', $accepted, '4', 'a cancel while it sleeps is for nothing');

# a refresh that fails each time: pauses, and a reason; nothing is lost
$node->safe_psql('postgres', q{
	CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space, so to speak' USING ERRCODE = 'disk_full'; END $$;
	CREATE TRIGGER broken BEFORE INSERT ON cdp_data.batch FOR EACH ROW EXECUTE FUNCTION broken()});
event('m5');
becomes('postgres', $state, 'paused', 'it pauses after errors');
becomes('postgres', q{SELECT sum(runs) > 1 FROM cdp.worker_run WHERE sqlstate = '53100'}, 't', 'and tries again');
is($node->safe_psql('postgres', q{SELECT DISTINCT work, done, error FROM cdp.worker_run WHERE sqlstate = '53100'}), 'refresh|0|no space, so to speak', 'the error is recorded');
becomes('postgres', q{SELECT value ~ '^paused until .* after \d+ failures, the last 53100: no space, so to speak$' FROM cdp.worker_status() WHERE item = 'next'}, 't', 'until when is told');
is(status('last error', 'hint'), 'refresh: 53100: no space, so to speak', 'and why');
# the record cannot be written either
$node->safe_psql('postgres', 'CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON cdp_data.worker_run FOR EACH ROW EXECUTE FUNCTION broken()');
my $position = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT cdp.start_worker()');
ok($node->wait_for_log(qr/no space, so to speak.*no space, so to speak/s, $position), 'an error that cannot be recorded is logged');
becomes('postgres', $state, 'paused', 'and it lives');
$node->safe_psql('postgres', 'DROP FUNCTION broken CASCADE; SELECT cdp.start_worker()');
becomes('postgres', $accepted, '5', 'start_worker ends the pause, and nothing is lost');
becomes('postgres', $state, 'running', 'it runs again');

# others hold locks
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE');
event('m6');
my $at = $node->safe_psql('postgres', $acted);
becomes('postgres', "SELECT ($acted) > '$at'::timestamptz + interval '100 ms'", 't', 'it does not wait for another refresh');
is($node->safe_psql('postgres', "$accepted; $state"), "5\nrunning", 'which is no error');
my $held = 'process ' . $holder->query_safe('SELECT pg_backend_pid()');
is(status('waits for', 'value'), $held, 'and tells who holds the lock');
$holder->query_safe('COMMIT; BEGIN; LOCK TABLE cdp_data.profile IN EXCLUSIVE MODE');
becomes('postgres', q{SELECT value FROM cdp.worker_status() WHERE item = 'waits for'}, $held, 'also one that it waits for');
becomes('postgres', q{SELECT count(*) FROM cdp.worker_run WHERE sqlstate = '55P03'}, '1', 'it waits for other locks for a while');
$holder->query_safe('COMMIT');
$holder->quit;
becomes('postgres', $accepted, '6', 'and goes on');
becomes('postgres', q{SELECT count(*) FROM cdp.worker_status() WHERE item = 'waits for'}, '0', 'it waits for no other');
$node->safe_psql('postgres', q{BEGIN; LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'held'});
is(status('waits for', 'value'), 'a prepared transaction', 'a prepared transaction is told too');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'held'});

# a backlog: several refreshes in a row
$node->append_conf('postgresql.conf', "cdp.worker_interval = '1h'\n");
$node->reload;
becomes('postgres', qq{SELECT count(*) FROM cdp.worker_status() WHERE item = 'next' AND split_part(value, ' until ', 2)::timestamptz > now() + interval '30 min'}, '1', 'a longer interval is taken over');
# one of three may come while it looks around
for (1 .. 3)
{
	my $slept = $node->safe_psql('postgres', $acted);
	$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'cdp worker'; SELECT cdp.start_worker()});
	$node->poll_query_until('postgres', "SELECT ($acted) > '$slept'");
}
is($node->safe_psql('postgres', q{SELECT coalesce(sum(runs), 0) < 2 FROM cdp.worker_run WHERE sqlstate = '57014'}), 't', 'a cancel while it sleeps is no error');
$node->safe_psql('postgres', q{SELECT setval('cdp_data.attempt', 5)});
load_events($node, 75, 5000);
$node->safe_psql('postgres', 'SELECT cdp.start_worker()');
becomes('postgres', 'SELECT count(*) FROM cdp.inbox', '0', 'a backlog is taken in a row of refreshes');
is($node->safe_psql('postgres', q{SELECT array_agg(taken ORDER BY batch_id) FROM cdp.batch WHERE batch_id > (SELECT max(batch_id) - 4 FROM cdp.batch)}), '{5,10,20,40}', 'in parts');
$node->append_conf('postgresql.conf', "cdp.worker_interval = 50\n");
$node->reload;
event('m7');
becomes('postgres', 'SELECT count(*) FROM cdp.inbox', '0', 'a shorter interval is taken over at once');

# kill -9
$first = $node->safe_psql('postgres', $pid);
kill 'KILL', $first;
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
becomes('postgres', "SELECT count(*) FROM ($pid) p WHERE pid <> $first", '1', 'it comes back after a crash');
event('m8');
becomes('postgres', 'SELECT count(*) FROM cdp.inbox', '0', 'and goes on');

# a run that takes longer than it may
$node->append_conf('postgresql.conf', "cdp.worker_timeout = 300\n");
$node->reload;
$node->safe_psql('postgres', q{
	CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
	CREATE TRIGGER slow BEFORE INSERT ON cdp_data.batch FOR EACH ROW EXECUTE FUNCTION slow()});
load_events($node, 64, 1000);
becomes('postgres', q{SELECT count(*) > 0 FROM cdp.worker_run WHERE sqlstate = '57014' AND error LIKE '%statement timeout'}, 't', 'a run that takes too long is canceled');
is($node->safe_psql('postgres', 'SELECT last_value <= 32 FROM cdp_data.attempt'), 't', 'and the next takes less');
$node->append_conf('postgresql.conf', "cdp.worker_timeout = '15min'\n");
$node->reload;
$node->safe_psql('postgres', 'DROP FUNCTION slow CASCADE; SELECT cdp.start_worker()');
becomes('postgres', 'SELECT count(*) FROM cdp.inbox', '0', 'all is taken in the end');
is($node->safe_psql('postgres', q{SELECT count(*) FROM cdp.quarantine WHERE reason = 'failed'}), '0', 'and nothing set aside');

# a second database; renamed, copied and dropped
$node->safe_psql('postgres', 'CREATE DATABASE second TEMPLATE plain');
$node->safe_psql('second', 'SELECT cdp.start_worker()');
event('s1', 'second');
becomes('second', $accepted, '1', 'a worker of a second database');
$node->safe_psql('postgres', 'ALTER DATABASE second RENAME TO other');
event('s2', 'other');
becomes('other', $accepted, '2', 'renamed, it comes back');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE other');
is(status('state', 'value', 'copied'), 'not running', 'none in a copy');
becomes('other', $workers, '1', 'copied, it comes back');
$node->safe_psql('postgres', 'ALTER DATABASE other ALLOW_CONNECTIONS false');
becomes('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'other'}, '0', 'it leaves what accepts no connections');
$node->safe_psql('postgres', 'ALTER DATABASE other ALLOW_CONNECTIONS true');
is(status('reason', 'value', 'other'), 'the worker has ended, or starts: a process that was ended starts again after two seconds', 'as its state says');
$node->safe_psql('other', 'SELECT cdp.start_worker()');
becomes('other', $workers, '1', 'and is started again');
$node->safe_psql('postgres', 'DROP DATABASE other');
$node->safe_psql('copied', 'SELECT cdp.start_worker()');
becomes('copied', $workers, '1', 'one of the copy');
$node->safe_psql('postgres', 'DROP DATABASE copied WITH (FORCE)');

# the extension dropped, and made again
$node->safe_psql('postgres', 'CREATE DATABASE third TEMPLATE plain');
$node->safe_psql('third', 'SELECT cdp.start_worker()');
becomes('third', $workers, '1', 'a third database');
$node->safe_psql('third', 'DROP EXTENSION cdp CASCADE');
becomes('third', $workers, '0', 'it leaves with the extension');
$node->safe_psql('third', 'DROP SCHEMA cdp_data, cdp_segment CASCADE; DROP SCHEMA IF EXISTS cdp CASCADE; CREATE EXTENSION cdp; SELECT cdp.init()');
is(status('reason', 'value', 'third'), 'cdp.start_worker() was never called', 'a new one');
$node->safe_psql('third', 'SELECT cdp.start_worker()');
event('t1', 'third');
becomes('third', $accepted, '1', 'is refreshed');

# another version of the extension: a new process
$first = $node->safe_psql('third', $pid);
$node->safe_psql('third', q{UPDATE pg_extension SET extversion = '1.0.1' WHERE extname = 'cdp'});
becomes('third', "SELECT count(*) FROM ($pid) p WHERE pid <> $first", '1', 'a new process after an update of the extension');

# an owner of the tables who is no superuser: must be able to connect; what is set for that role and database changes nothing
$node->safe_psql('postgres', q{CREATE DATABASE fourth ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0; CREATE ROLE other; CREATE ROLE keeper LOGIN IN ROLE other; REVOKE CONNECT ON DATABASE fourth FROM PUBLIC});
$node->safe_psql('fourth', q{CREATE EXTENSION cdp; SELECT cdp.init('keeper')});
like(($node->psql('fourth', 'SELECT cdp.start_worker()'))[2], qr/role "keeper" may not connect to the database.*GRANT CONNECT ON DATABASE fourth TO keeper\./s, 'an owner that may not connect is an error');
$node->safe_psql('fourth', q{GRANT CONNECT ON DATABASE fourth TO keeper; ALTER ROLE keeper SET role = 'other'; ALTER ROLE keeper SET search_path = 'other'; ALTER ROLE keeper SET row_security = off;
	ALTER ROLE keeper SET default_transaction_isolation = 'serializable'; ALTER ROLE keeper SET session_preload_libraries = 'none_such'; ALTER ROLE keeper SET default_transaction_read_only = on;
	SELECT cdp.start_worker()});
event('f1', 'fourth');
becomes('fourth', $accepted, '1', 'a worker works as the owner, whatever is set for that role');
# an error whose message is too long to be shown ends with a whole character
$node->safe_psql('fourth', q{
	CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', repeat(U&'\+01F600', 300) USING ERRCODE = 'disk_full'; END $$;
	CREATE TRIGGER broken BEFORE INSERT ON cdp_data.batch FOR EACH ROW EXECUTE FUNCTION broken()});
event('f2', 'fourth');
becomes('fourth', $state, 'paused', 'it pauses after an error');
is($node->safe_psql('fourth', q{SELECT convert_from(convert_to(value, 'UTF8'), 'UTF8') ~ U&'the last 53100: \+01F600+$' AND octet_length(value) > 500 FROM cdp.worker_status() WHERE item = 'next'}), 't', 'of a long message, whole characters are shown');
$node->safe_psql('fourth', 'SELECT cdp.stop_worker()');
becomes('fourth', $workers, '0', 'it stops while it pauses');
$node->safe_psql('postgres', 'DROP DATABASE fourth; DROP ROLE keeper, other');

# stopped, and no slot
$node->safe_psql('third', 'SELECT cdp.stop_worker()');
becomes('third', $workers, '0', 'it stops');
is(status('state', 'value', 'third'), 'stopped', 'as its state says');
like(status('reason', 'value', 'third'), qr/^cdp.stop_worker\(\) was called by role "postgres" at /, 'and who stopped it');
$node->safe_psql('postgres', 'SELECT cdp.stop_worker()');
becomes('postgres', $workers, '0', 'the first too');
# the launcher of logical replication has one
$node->safe_psql('postgres', "CREATE DATABASE full$_ TEMPLATE plain") for 1 .. 6;
my $refused = '';
for (1 .. 6)
{
	my ($code, $out, $err) = $node->psql("full$_", 'SELECT cdp.start_worker()');
	$refused = "$_: $err" if $code && !$refused;
}
like($refused, qr/there is no free slot for a background worker/, 'no slot is an error');
is($node->safe_psql('full6', q{SELECT wanted IS NULL FROM cdp_data.worker}), 't', 'and leaves nothing behind');
becomes('full6', q{SELECT value FROM cdp.worker_status() WHERE item = 'reason'}, 'no slot for a background worker is free: 6 of 6 are used', 'its state says so');

unlike(slurp_file($node->logfile), qr/FATAL:  database|FATAL:  role|could not access/, 'no process looked in vain for what is gone');
$node->stop;
done_testing();
