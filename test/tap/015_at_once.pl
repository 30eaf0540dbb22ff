# Everything at once for some seconds: writers, refreshes, verdicts, changes of rules, previews,
# restitches and readers.  Nobody fails, nobody deadlocks, what readers see adds up at every moment,
# and in the end the tables hold what the log says.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 10;
my $node = new_platform('at_once', settings => "deadlock_timeout = 100ms\nmax_connections = 40\n");
load_events($node, 300);
$node->safe_psql('postgres', q{SELECT cdp.refresh(); SELECT cdp.create_segment('everyone', 'true')});

# each by so many clients of its own, at so many transactions a second together
my %scripts = (
	# a writer never waits: a lock would have to be had at once
	write => [3, 30, q{
		\set n random(1, 1000000000)
		\set p random(0, 60)
		SET lock_timeout = '200ms';
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, "timestamp", source)
		SELECT 'w' || :n || i, 'track', 'Event', 'a' || (:p + i) % 60, CASE WHEN i < 2 THEN 'u' || :p % 40 END, timestamptz '2026-02-01' + :n % 1000 * interval '1 hour', 'feed ' || i FROM generate_series(1, 3) i;
		RESET lock_timeout;}],
	refresh => [2, 6, q{SELECT cdp.refresh(200);}],
	impatient => [1, 4, q{SELECT cdp.refresh(200, wait => false);}],
	forbid => [1, 3, q{
		\set p random(0, 40)
		SELECT cdp.forbid(cdp.identifier('user_id', 'u' || :p), cdp.identifier('anonymous_id', 'a' || :p));}],
	allow => [1, 3, q{
		\set p random(0, 40)
		SELECT cdp.allow(cdp.identifier('user_id', 'u' || :p), cdp.identifier('anonymous_id', 'a' || :p));}],
	share => [1, 2, q{
		\set p random(0, 60)
		SELECT cdp.mark_shared(cdp.identifier('anonymous_id', 'a' || :p), :p % 3 = 0), cdp.mark_shared(cdp.identifier('anonymous_id', 'a' || (:p + 1)), NULL);}],
	rule => [1, 1, q{
		\set n random(1, 4)
		SELECT cdp.set_rules(jsonb_build_object('user_id', jsonb_build_object('max_per_profile', :n)));}],
	block => [1, 1, q{
		\set p random(1, 6)
		SELECT cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('blocked', ARRAY['^a' || :p || '.$'])));}],
	preview => [1, 1, q{
		\set n random(1, 4)
		SELECT count(*) FROM cdp.preview_rules(jsonb_build_object('user_id', jsonb_build_object('max_per_profile', :n), '*', jsonb_build_object('cap', 5 * :n)));}],
	restitch => [1, 1, q{SELECT identifiers FROM cdp.restitch();}],
	look => [3, 20, q{
		\set p random(0, 40)
		SELECT cdp.lookup(cdp.identifier('user_id', 'u' || :p)), (SELECT count(*) FROM cdp.explain(cdp.identifier('user_id', 'u' || :p), cdp.identifier('anonymous_id', 'a' || :p))), (SELECT count(*) FROM cdp.members('everyone'));}],
	# division by zero where a reader sees a part of a batch
	add => [1, 5, q{
		SELECT 1 / ((SELECT sum(p.events) FROM cdp_data.profile p) = (SELECT count(*) FROM cdp.events e WHERE e.profile_id IS NOT NULL))::int,
			1 / ((SELECT sum(p.identifier_count) FROM cdp_data.profile p) = (SELECT count(*) FROM cdp_data.identifier i WHERE i.profile_id <> 0))::int;}]);
my %runs;
for my $name (sort keys %scripts)
{
	my ($clients, $rate, $text) = @{ $scripts{$name} };
	my $run = $runs{$name} = { output => '', errors => '' };
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $text);
	$run->{handle} = IPC::Run::start([ 'pgbench', '-n', '-c', $clients, '-R', $rate, '-T', $seconds, '-f', $file, $node->connstr('postgres') ],
		'>', \$run->{output}, '2>', \$run->{errors});
}
for my $name (sort keys %runs)
{
	my $run = $runs{$name};
	ok($run->{handle}->finish, "$name: all clients came to their end");
	unlike($run->{errors}, qr/ERROR|aborted/, "$name: no statement failed") or diag($run->{errors});
	like($run->{output}, qr/number of transactions actually processed: [1-9].*\nnumber of failed transactions: 0 /, "$name: some transactions, none failed");
}
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'no deadlock');

$node->safe_psql('postgres', q{DO $$ BEGIN WHILE (SELECT waiting FROM cdp.refresh()) > 0 LOOP END LOOP; END $$});
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'the tables hold what the log says');
is($node->safe_psql('postgres', q{SELECT sum(taken) = sum(accepted + duplicate + quarantined), sum(accepted) = (SELECT count(*) FROM cdp_data.event), sum(quarantined) = (SELECT count(*) FROM cdp.quarantine) FROM cdp.batch}),
	't|t|t', 'no row is lost');

$node->stop;
done_testing();
