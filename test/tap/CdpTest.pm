# What the TAP tests share: a server that owes nothing to the environment, one with the platform in it, a digest of all
# it holds, and what the servers' logs say about each assertion that fails.
package CdpTest;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test2::API qw(test2_stack);
use Test::More;

our @EXPORT = qw(new_node new_platform load_events digest);

# The superuser's name is not the caller's, who may be called as a role of a test is.
$ENV{PGUSER} = 'postgres';

# A started server.  Options are those of PostgreSQL::Test::Cluster's init, and "settings".
sub new_node
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%options, extra => [ '--encoding=UTF8', '--no-locale', '--username=postgres', @{ $options{extra} // [] } ]);
	$node->append_conf('postgresql.conf', $options{settings}) if $options{settings};
	$node->start;
	return $node;
}

# The same with extension and tables in database "postgres".
sub new_platform
{
	my $node = new_node(@_);
	$node->safe_psql('postgres', 'CREATE EXTENSION cdp; SELECT cdp.init()');
	return $node;
}

# Prints the messages, with what belongs to them, that this test's servers have logged since the last call; none if $quiet.
my %read_to;
sub show_messages
{
	my ($quiet) = @_;
	my $test = basename($0, '.pl');
	for my $log (glob(qq("$PostgreSQL::Test::Utils::log_path/${test}_*.log")))
	{
		my $from = $read_to{$log} // 0;
		$read_to{$log} = -s $log;
		next if $quiet || $read_to{$log} <= $from;
		my ($wanted, @messages);
		for my $line (split /\n/, slurp_file($log, $from))
		{
			$wanted = $line =~ /(WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|QUERY|STATEMENT|TRAP): |terminated by signal/ if $line !~ /^\t/;
			push @messages, $line if $wanted;
		}
		splice @messages, 0, max(0, @messages - 60);
		diag(basename($log), ':', map { "\n  $_" } @messages) if @messages;
	}
	return;
}

my $asserted_in = $$;
test2_stack()->top->listen(
	sub {
		my ($hub, $event) = @_;
		show_messages(!$event->causes_fail) if $event->facet_data->{assert} && $$ == $asserted_in;
	});

END
{
	# of a test that died: what it died of stands in its own log
	my $status = $?;
	if ($status && $$ == $asserted_in)
	{
		my @said = split /\n/, slurp_file($PostgreSQL::Test::Utils::test_logfile);
		splice @said, 0, max(0, @said - 20);
		diag(join("\n", 'died; its last words:', @said));
		show_messages();
	}
	$? = $status;
}

# Writes $rows events of 499 people, and of 40 accounts, to the inbox; the same for the same arguments.
sub load_events
{
	my ($node, $rows, $offset, $database) = @_;
	$offset //= 0;
	$node->safe_psql($database // 'postgres', qq{
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, identifiers, traits, properties, "timestamp", received_at, source)
		SELECT 'm' || i, CASE WHEN i % 25 = 0 THEN 'group' WHEN i % 5 = 0 THEN 'identify' ELSE 'track' END, CASE i % 5 WHEN 0 THEN NULL ELSE 'Event ' || i % 7 END,
			   'a' || p || '-' || i % 3, CASE WHEN i % 7 < 2 THEN 'u' || p END, CASE WHEN i % 25 = 0 THEN 'g' || p % 40 END,
			   CASE WHEN i % 11 = 0 THEN jsonb_build_object('device_id', 'd' || p) END,
			   CASE i % 5 WHEN 0 THEN jsonb_build_object('plan', i % 4, 'seen', i) END, jsonb_build_object('n', i),
			   timestamptz '2026-01-01' + i * interval '1 minute', timestamptz '2026-06-01', 'feed ' || i % 3
		FROM (SELECT i, i::bigint * 7919 % 499 AS p FROM generate_series($offset + 1, $offset + $rows) i) g});
	return;
}

# A digest of everything that a refresh writes, but for what depends on the clock, and for the
# numbers of events: they follow the order of rows in the inbox, which a restore may change.
sub digest
{
	my ($node, $database) = @_;
	return $node->safe_psql($database // 'postgres', q{
		SELECT 'events', count(*), md5(string_agg(concat_ws('|', e.identifier_id, e."timestamp", e.batch_id, e.message_id, e.event, e.properties), ',' ORDER BY e.message_id)) FROM cdp_data.event e
		UNION ALL SELECT 'identifiers', count(*), md5(string_agg(concat_ws('|', i.identifier_id, i.identifier, i.profile_id, i.batch_id, i.since_batch_id), ',' ORDER BY i.identifier_id)) FROM cdp_data.identifier i
		UNION ALL SELECT 'map', count(*), md5(string_agg(concat_ws('|', m.hash, m.identifier_id), ',' ORDER BY m.identifier_id)) FROM cdp_data.identifier_map m
		UNION ALL SELECT 'links', count(*), md5(string_agg(concat_ws('|', l.a, l.b, l.source_id, l.first_at, l.last_at, l.events, l.message_id, l.batch_id), ',' ORDER BY l.a, l.b, l.source_id)) FROM cdp_data.link l
		UNION ALL SELECT 'profiles', count(*), md5(string_agg(p::text, ',' ORDER BY p.profile_id)) FROM cdp_data.profile p
		UNION ALL SELECT 'accounts', count(*), md5(string_agg(a::text, ',' ORDER BY a.group_id)) FROM cdp_data.account a
		UNION ALL SELECT 'members', count(*), md5(string_agg(m::text, ',' ORDER BY m.identifier_id, m.group_id)) FROM cdp_data.account_member m
		UNION ALL SELECT 'messages', count(*), md5(string_agg(m.message_key::text, ',' ORDER BY m.message_key)) FROM cdp_data.message m
		UNION ALL SELECT 'quarantine', count(*), md5(string_agg(concat_ws('|', q.quarantine_id, q.reason, q.record, q.line), ',' ORDER BY q.quarantine_id)) FROM cdp.quarantine q
		UNION ALL SELECT 'inbox', count(*), NULL FROM cdp.inbox ORDER BY 1});
}

1;
