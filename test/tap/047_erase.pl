# A person who was erased, searched for: in a dump, in the statistics, in every table; and erased again in a database that
# is restored from a dump of before.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main',
	settings => "session_preload_libraries = '\$libdir/cdp'\ncdp.suppression_key = 'a key of this test, and of no other'\nautovacuum = off\n");
my $dumps = PostgreSQL::Test::Utils::tempdir;

sub sql { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

# what names the person: identifiers, and what only its events say
my @strings = ('ann@example.com', 'Ann@Example.com', 'customer-ann', 'cookie-ann', '4915112345678', 'Ann Smith', 'secret of ann');
my $pattern = join '|', map { quotemeta } @strings;

sql(q{
	CREATE ROLE boss LOGIN; CREATE ROLE eve LOGIN;
	SELECT cdp.grant_access('boss', 'steward'), cdp.grant_access('eve', 'analyst');
	SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "version", "keep_corrections": true}}');
	SELECT cdp.carry_property('Ordered', 'note');
	INSERT INTO cdp.inbox (message_id, type, user_id, anonymous_id, event, properties, traits, identifiers, context, group_id, "timestamp", received_at, source)
	SELECT 'm' || i, t.type, CASE WHEN i % 10 = 0 THEN 'customer-ann' ELSE 'customer-' || i % 50 END, CASE WHEN i % 10 = 0 THEN 'cookie-ann' ELSE 'cookie-' || i % 60 END,
		CASE t.type WHEN 'track' THEN 'Ordered' END, CASE t.type WHEN 'track' THEN jsonb_build_object('note', CASE WHEN i % 10 = 0 THEN 'secret of ann' ELSE 'n' END, 'version', 1) END,
		CASE WHEN t.type = 'identify' AND i % 10 = 0 THEN '{"email": "Ann@Example.com", "phone": "+4915112345678", "name": "Ann Smith"}'::jsonb END,
		NULL, CASE WHEN i % 10 = 0 THEN '{"traits": {"name": "Ann Smith"}}'::jsonb END, CASE t.type WHEN 'group' THEN 'acme' END,
		timestamptz '2025-01-01Z' + i * interval '3 hours', '2025-09-01Z', CASE WHEN i % 2 = 0 THEN 'web' ELSE 'shop' END
	FROM generate_series(1, 1000) i CROSS JOIN LATERAL (SELECT CASE WHEN i % 30 < 11 THEN 'identify' WHEN i % 70 = 0 THEN 'group' ELSE 'track' END AS type) t;
	INSERT INTO cdp.inbox (message_id, type, user_id, anonymous_id, event, identifiers, properties, "timestamp", source)
	VALUES ('other', 'track', 'customer-1', NULL, 'Sent', '{"email": "ann@example.com"}', '{"to": "Ann@Example.com", "note": "hello"}', '2025-03-01Z', 'web'),
		('bad', 'track', 'customer-ann', NULL, 'Sent', NULL, NULL, '1950-01-01', 'web');
	INSERT INTO cdp.inbox_raw (line) VALUES ('{"userId": "customer-ann", broken}');
	SELECT cdp.refresh(), cdp.create_segment('orders', $$ cdp.did(timeline, 'Ordered') $$)});
sql('CALL cdp.build_segments()');
sql(q{SELECT cdp.forbid('user_id:customer-ann', 'user_id:customer-3', 'Ann Smith says so'); ANALYZE});
for (1 .. 100) { last if sql(q{SELECT count(*) FROM cdp.drop_events('2025-03-01Z', 9) WHERE state <> 'dropped'}) eq '0'; }
isnt(sql(q{SELECT sum(events) FROM cdp_data.base_row WHERE traits::text LIKE '%Ann Smith%'}), '', 'a part of it is in the base');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/before", '-d', $node->connstr('postgres') ], 'a dump of before');

# every table, as text
sub found
{
	my ($db) = @_;
	my %in;
	for my $table (split /\n/, sql(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relkind IN ('r', 'm') AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'cdp%')}, $db))
	{
		my $rows = sql("SELECT count(*) FROM $table t WHERE t::text ~ '$pattern'", $db);
		$in{$table} = $rows if $rows;
	}
	return join ' ', map { "$_: $in{$_}" } sort keys %in;
}
isnt(found(), '', 'the person is there');

# ---- who may
my ($status, undef, $errors) = $node->psql('postgres', q{SELECT cdp.erase('user_id:customer-ann')}, extra_params => [ '-U', 'eve' ]);
like($errors, qr/permission denied/, 'an analyst may not');
($status, undef, $errors) = $node->psql('postgres', 'SHOW cdp.suppression_key', extra_params => [ '-U', 'eve' ]);
like($errors, qr/must be superuser|permission denied/, 'nor see the key');
($status, undef, $errors) = $node->psql('postgres', q{SET cdp.suppression_key = 'mine, and more than 32 characters'}, extra_params => [ '-U', 'boss' ]);
like($errors, qr/permission denied to set parameter/, 'a steward cannot set another');
my ($done, $certificate) = $node->psql('postgres', q{SELECT cdp.erase('email:ann@example.com', request => 'r-1')}, extra_params => [ '-U', 'boss' ]);
is($done, 0, 'a steward may erase');
unlike($certificate, qr/$pattern/, 'the certificate names no identifier');
($status, undef, $errors) = $node->psql('postgres', q{DELETE FROM cdp_data.erasure}, extra_params => [ '-U', 'boss' ]);
like($errors, qr/permission denied/, 'a steward cannot change what was done');
is(sql(q{SELECT action FROM cdp.audit WHERE action = 'erase'}), 'erase', 'it is audited');

# ---- searched for
is(found(), '', 'no table names the person');
is(sql('SELECT * FROM cdp.verify()'), '', 'all is well');
$node->command_ok([ 'pg_dump', '-f', "$dumps/after", '-d', $node->connstr('postgres') ], 'a dump of after');
my $dump = slurp_file("$dumps/after");
is(join('', grep { /$pattern/ } split /^/, $dump), '', 'the dump does not name the person');
unlike($dump, qr/a key of this test/, '… and does not hold the key');
sql('ANALYZE');
sql(q{INSERT INTO cdp.inbox (message_id) VALUES (NULL); INSERT INTO cdp.inbox_raw (line) VALUES (NULL); ANALYZE cdp.inbox, cdp.inbox_raw; DELETE FROM cdp.inbox; DELETE FROM cdp.inbox_raw});
is(sql("SELECT tablename, attname FROM pg_stats s WHERE s.schemaname LIKE 'cdp%' AND s::text ~ '$pattern'"), '', 'the statistics do not, after ANALYZE');

# ---- restored from before
sql('CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), "$dumps/before" ], 'restored');
isnt(found('restored'), '', '… the person is there again');
$node->command_ok([ 'pg_dump', '-a', '-f', "$dumps/erasures", '-t', 'cdp_data.erasure', '-t', 'cdp_data.suppressed', '-d', $node->connstr('postgres') ], 'a copy of the two tables');
$node->command_ok([ 'psql', '-Xqf', "$dumps/erasures", '-d', $node->connstr('restored') ], '… is added');
is(sql(q{SELECT count(*) FROM cdp.reapply_erasures()}, 'restored'), '1', 'and erased again');
is(found('restored'), '', '… no table names the person');
is(sql('SELECT * FROM cdp.verify()', 'restored'), '', '… and all is well');
is(sql(q{INSERT INTO cdp.inbox (message_id, type, user_id, event) VALUES ('z', 'track', 'customer-ann', 'Back'); SELECT suppressed FROM cdp.refresh()}, 'restored'), '1', '… what comes is dropped');

$node->stop;
done_testing();
