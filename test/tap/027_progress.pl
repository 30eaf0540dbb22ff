# cdp.progress shows other sessions what runs now, and never what has ended, failed or been killed.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('primary', settings => "restart_after_crash = on\n");
$node->safe_psql('postgres', q{
	CREATE ROLE steward LOGIN; CREATE ROLE analyst LOGIN; CREATE ROLE writer LOGIN;
	SELECT cdp.grant_access('steward', 'steward'), cdp.grant_access('analyst', 'analyst'), cdp.grant_access('writer', 'writer')});
load_events($node, 1000);
$node->safe_psql('postgres', 'SELECT cdp.refresh()');

my @as_analyst = (extra_params => [ '-U', 'analyst' ]);
my $waits = q{SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%cdp.%'};

sub shown { return $node->safe_psql('postgres', 'SELECT work, stage, done, total FROM cdp.progress ORDER BY work', @as_analyst); }
sub written { return $node->safe_psql('postgres', q{SELECT string_agg(s.last_value::text, ' ' ORDER BY s.sequencename) FROM pg_sequences s WHERE s.sequencename LIKE 'progress%'}); }

# A session that locks the rows of people, so that a run stops in its stage "fold".
sub hold
{
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN; SELECT count(*) FROM (SELECT FROM cdp_data.profile FOR UPDATE) p');
	return $holder;
}

# Starts statements as the steward, and waits until they wait for a lock.
sub start_held
{
	my $run = { out => '', err => '' };
	$run->{psql} = IPC::Run::start([ 'psql', '-XAtq', '-U', 'steward', '-d', $node->connstr('postgres'), map { ('-c', $_) } @_ ],
		'<', \undef, '>', \$run->{out}, '2>', \$run->{err});
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($waits) w") or die "nothing waits: $run->{err}";
	$run->{pid} = $node->safe_psql('postgres', $waits);
	return $run;
}

# a refresh, seen by an analyst
is(shown(), '', 'nothing runs');
load_events($node, 12000, 1000);
my $holder = hold();
my $refresh = start_held('SELECT taken FROM cdp.refresh()');
is(shown(), 'refresh|fold|0|1000', 'an analyst sees the stage of a refresh');
is($node->safe_psql('postgres', q{
		SELECT pid, started_at < now() AND started_at > now() - interval '1 hour' FROM cdp.progress}, @as_analyst),
	"$refresh->{pid}|t", 'the process, and when it began');
$node->safe_psql('postgres', 'SELECT count(*) FROM cdp.progress', extra_params => [ '-U', 'steward' ]);
like(($node->psql('postgres', 'SELECT * FROM cdp.progress', extra_params => [ '-U', 'writer' ]))[2], qr/permission denied/, 'a writer does not');
$holder->query_safe('COMMIT');
$refresh->{psql}->finish;
is($refresh->{out}, "12000\n", 'the refresh goes on');
is(shown(), '', 'and is shown no longer');

# in a transaction that goes on
my $session = $node->background_psql('postgres');
load_events($node, 12000, 13000);
$session->query_safe('BEGIN; SELECT cdp.refresh()');
is(shown(), '', 'nor is one whose transaction goes on');
$session->query_safe('ROLLBACK');

# an error, and after it a small run in the same transaction
$holder = hold();
$refresh = start_held('BEGIN', 'SAVEPOINT s', 'SELECT cdp.refresh()', 'ROLLBACK TO s', 'SELECT pg_advisory_xact_lock_shared(1)',
	'SELECT taken FROM cdp.refresh(5)', 'COMMIT');
is(shown(), 'refresh|fold|0|499', 'a refresh in a transaction block');
$session->query_safe('BEGIN; SELECT pg_advisory_xact_lock(1)');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($refresh->{pid})");
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}), 'it is cancelled, and its transaction goes on');
is(shown(), '', 'a cancelled one is shown no longer');
my $before = written();
$session->query_safe('COMMIT');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($waits) w WHERE EXISTS (SELECT FROM pg_locks l WHERE l.pid = w.pid AND l.locktype = 'transactionid' AND NOT l.granted)"), 'a small one');
is(shown(), '', 'is not shown');
is(written(), $before, 'and writes nothing');
$holder->query_safe('COMMIT');
$refresh->{psql}->finish;
like($refresh->{err}, qr/canceling statement/, 'the first was cancelled');
is($refresh->{out} =~ s/^\n//r, "5\n", 'the second has run');

# a session that is ended, and a process that is killed
for my $how ('terminate', 'kill')
{
	$holder = hold();
	$refresh = start_held('SELECT cdp.refresh(11000)');
	is(shown(), 'refresh|fold|0|499', "a refresh, before $how");
	if ($how eq 'terminate')
	{
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($refresh->{pid}, 60000)");
		is(shown(), '', 'is shown no longer');
		$holder->query_safe('COMMIT');
		$refresh->{psql}->finish;
		next;
	}
	$session->quit;
	kill 'KILL', $refresh->{pid};
	$refresh->{psql}->finish;
	$holder->{run}->kill_kill;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/);
	ok($node->poll_query_until('postgres', 'SELECT true'), 'the server is back');
	isnt($node->safe_psql('postgres', 'SELECT last_value FROM cdp_data.progress_batch_runner'), '0', 'what the killed one wrote is there still');
	is(shown(), '', 'and is not shown');
}

# rows that fail alone: in parts
$node->safe_psql('postgres', q{ALTER TABLE cdp_data.message ADD CHECK (message_key <> cdp_internal.message_key('m14000'))});
is($node->safe_psql('postgres', 'SELECT taken, quarantined FROM cdp.refresh()', extra_params => [ '-U', 'steward' ]), '11995|1', 'a refresh in parts');
is(shown(), '', 'has ended');

# a restitch says to whoever waits how far it is
$node->safe_psql('postgres', 'UPDATE cdp_data.profile SET events = events + 1');
my $logged = $node->safe_psql('postgres', 'SELECT count(*) FROM cdp_data.event');
$holder = hold();
my $restitch = start_held('SELECT events_reanchored FROM cdp.restitch()');
is(shown(), "restitch|fold|0|$logged", 'a restitch');
sleep 11;
is(shown(), "restitch|fold|0|$logged", 'is shown as long as it takes');
$holder->query_safe('COMMIT');
$restitch->{psql}->finish;
is($restitch->{out}, "0\n", 'it has ended');
is(shown(), '', 'and is shown no longer');
my @notices = $restitch->{err} =~ /^NOTICE: .*$/mg;
cmp_ok(scalar @notices, '>', 0, 'a message, as it took more than ten seconds') or diag($restitch->{err});
like($notices[0] // '', qr/^NOTICE:  restitch: fold \(stage \d+ of \d+\), $logged of $logged/, 'says what');

# a change of rules that reads the whole log
$holder = hold();
my $change = start_held(q{SELECT cdp.set_trait_rules('{"seen": "max"}')});
is(shown(), 'change|refold|0|', 'a change of rules');
is($node->safe_psql('postgres', 'SELECT count(*), count(estimated_end) FROM cdp.progress'), '1|0', 'without an estimate');
$holder->query_safe('COMMIT');
$change->{psql}->finish;
is($change->{err}, '', 'it has ended, without a message');
$holder = hold();
$change = start_held(q{SELECT cdp.forbid('user_id:u1', 'user_id:u2')}, 'SELECT 1');
is(shown(), '', 'a verdict is shown only where it takes long');
$holder->query_safe('COMMIT');
$change->{psql}->finish;
like($change->{out}, qr/^1$/m, 'it has ended');

# the estimate: later than now, or none; one second for 6 % makes more than 16
my $estimated = $node->background_psql('postgres', extra_params => [ '-U', 'steward' ]);
my $estimates = q{SELECT done, estimated_end > now() FROM cdp.progress};
my $whole = q{SELECT (e.last_value - s.last_value) / 1000000 FROM cdp_data.progress_verify_ends_at e, cdp_data.progress_verify_started_at s};
$estimated->query_safe(q{BEGIN; SELECT cdp_internal.progress_begin('verify', 10000), cdp_internal.progress_set('log', 1, 1000)});
is($node->safe_psql('postgres', $estimates, @as_analyst), '1|', 'there is no estimate at the start');
$estimated->query_safe(q{SELECT pg_sleep(1); SELECT cdp_internal.progress_set('log', 140, 1000)});
like($node->safe_psql('postgres', $estimates, @as_analyst), qr/^140\|t?$/, 'later there is');
cmp_ok($node->safe_psql('postgres', $whole), '>=', 16, 'by what is done and the time it took');
# rows that a query counts
$estimated->query_safe(q{SELECT cdp_internal.progress_set('identifiers', 0, 5000); SELECT count(cdp_internal.progress_row()) FROM generate_series(1, 3000);
	SELECT pg_sleep(0.6); SELECT count(cdp_internal.progress_row()) FROM generate_series(1, 1024)});
is(shown(), 'verify|identifiers|3071|5000', 'rows are counted');
$estimated->query_safe('ROLLBACK');
$estimated->quit;

# a verify, and one of a person
$holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.account IN ACCESS EXCLUSIVE MODE');
my $verify = start_held('SELECT * FROM cdp.verify()');
is(shown(), 'verify|accounts|0|', 'an analyst sees the stage of a verify');
$holder->query_safe('COMMIT');
$verify->{psql}->finish;
is($verify->{err} . $verify->{out}, '', 'it finds nothing');
is(shown(), '', 'and is shown no longer');
$holder->query_safe('BEGIN; LOCK TABLE cdp_data.account_member IN ACCESS EXCLUSIVE MODE');
$verify = start_held('BEGIN', "SELECT cdp_internal.progress_begin('verify', 10000)", "SELECT * FROM cdp.verify(identifier => 'user_id:u1')");
is(shown(), '', 'that of a person is not shown');
$holder->query_safe('COMMIT');
$holder->quit;
$verify->{psql}->finish;

# what a verify does, in two sessions at once
my @verify = map { $node->background_psql('postgres', extra_params => [ '-U', 'steward' ]) } 1 .. 2;
$_->query_safe('BEGIN') for @verify;
$verify[0]->query_safe(q{SELECT cdp_internal.progress_begin('verify', 10000), cdp_internal.progress_set('log', 5, 10)});
is(shown(), 'verify|log|5|10', 'a verify, with rows');
$verify[1]->query_safe(q{SELECT cdp_internal.progress_begin('verify', 10000), cdp_internal.progress_set('identifiers', 0, 0)});
is(shown(), 'verify|log|5|10', 'of two, the first is shown');
$verify[0]->query_safe(q{SELECT cdp_internal.progress_set('profiles', 3, 0)});
is(shown(), 'verify|profiles|3|', 'without a total');
$verify[0]->query_safe(q{SELECT cdp_internal.progress_set('profiles', 4, 0)});
is(shown(), 'verify|profiles|3|', 'within a stage it is not written at every call');
$verify[0]->query_safe(q{SELECT cdp_internal.progress_end()});
is(shown(), '', 'it ends');
$_->query_safe('COMMIT') for @verify;
$before = written();
is($node->safe_psql('postgres', q{BEGIN READ ONLY;
	SELECT cdp_internal.progress_begin('verify', 10000), cdp_internal.progress_set('log', 5, 10); SELECT count(*) FROM cdp.progress; COMMIT}) =~ s/^\|\n//r,
	'0', 'a read-only transaction writes nothing');
is(written(), $before, 'nothing at all');
like(($node->psql('postgres', q{SELECT cdp_internal.progress_begin('verify', 1), cdp_internal.progress_set('lunch', 0, 0)}))[2], qr/verify has no stage "lunch"/, 'an unknown stage');
like(($node->psql('postgres', q{SELECT cdp_internal.progress_begin('lunch', 1)}))[2], qr/there is no progress of "lunch"/, 'an unknown work');
$_->quit for @verify;

$node->stop;
done_testing();
