# What libraries really send is taken: each calls its API against an HTTP server in test/interop/libraries.js, and the bodies go
# through cdp.ingest() as they came.  npm installs the libraries into a temporary directory; where it cannot, or where a library
# does not run on this node, its part is skipped.
use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $script = "$FindBin::RealBin/../interop/libraries.js";
my @packages = ('@segment/analytics-node@3.1.0', '@segment/analytics-next@1.84.3', '@rudderstack/rudder-sdk-node@3.0.13', 'jsdom@22.1.0');
my $modules = PostgreSQL::Test::Utils::tempdir;
my $said = '';

sub runs
{
	my ($output, @command) = @_;
	return eval { IPC::Run::run(\@command, '>', $output, '2>', \$said, IPC::Run::timeout(120)) };
}

plan skip_all => 'node is not installed' if !runs(\my $version, 'node', '--version');
plan skip_all => "npm cannot install the libraries: $said"
  if !runs(\my $installed, 'npm', 'install', '--prefix', $modules, '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0', '--fetch-timeout=20000', @packages);

local $ENV{NODE_PATH} = "$modules/node_modules";
my $node = new_platform('main');
$node->safe_psql('postgres', q{
	CREATE TABLE sent (library text, body jsonb);
	SELECT cdp.set_sources('{"segment-node": {"party": "first", "aliases": "same"}, "rudder-node": {"party": "first", "aliases": "same"}}')});

# Reads rows of one column of JSON.
sub rows
{
	my ($sql) = @_;
	my $rows = $node->safe_psql('postgres', "SELECT coalesce(jsonb_agg(r), '[]') FROM ($sql) q (r)");
	return JSON::PP->new->decode($rows =~ /[^\x00-\xff]/ ? $rows : do { utf8::decode($rows); $rows });
}

# Sends what a library sent, and answers whether it sent anything.
sub send_calls
{
	my ($library) = @_;
	runs(\my $output, 'node', $script, $library);
	my @bodies = map { decode_json($_)->{body} } split /\n/, $output // '';
	my $calls = 0;
	for my $body (@bodies)
	{
		my $sent = JSON::PP->new->decode($body);
		$calls += $sent->{batch} ? @{ $sent->{batch} } : 1;
		$body =~ s/'/''/g;
		utf8::encode($body);
		$node->safe_psql('postgres', "INSERT INTO sent VALUES ('$library', '$body'); SELECT cdp.ingest('$body'::jsonb, '$library')");
	}
	return 0 if !$calls;
	is($node->safe_psql('postgres', 'SELECT taken, accepted, quarantined FROM cdp.refresh()'), "$calls|$calls|0", "$library: $calls calls are accepted");
	is(
		$node->safe_psql('postgres', qq{
			SELECT count(*) FROM sent CROSS JOIN jsonb_array_elements(coalesce(body -> 'batch', jsonb_build_array(body))) c (call)
				JOIN cdp.messages m ON m.message_id = call ->> 'messageId' AND m.source = sent.library
			WHERE sent.library = '$library' AND m.message @> call}),
		$calls, "$library: each call can be made again of the log");
	return 1;
}

# what a server's library sent of one person: the calls in test/interop/libraries.js
sub check_server
{
	my ($library) = @_;
	my $email = "nora.$library\@mail.example";
	is_deeply(
		rows("SELECT jsonb_build_array(type, event) FROM cdp.events WHERE source = '$library' ORDER BY type, event"),
		[
			[ 'alias', undef ], [ 'group', undef ], [ 'identify', undef ], [ 'page', 'page: Pricing' ],
			[ 'screen', 'screen: Home' ], [ 'track', 'Order Completed' ]
		],
		"$library: types and events");
	is_deeply(
		rows("SELECT to_jsonb(array(SELECT unnest(identifiers) ORDER BY 1)) FROM cdp.profiles WHERE 'user_id:$library-u' = ANY (identifiers)"),
		[ [ "anonymous_id:$library-a", "anonymous_id:$library-u", "email:$email", "user_id:$library-u", "user_id:$library-u2" ] ],
		"$library: one person of all identifiers");
	is_deeply(
		rows("SELECT traits FROM cdp.profiles WHERE 'user_id:$library-u' = ANY (identifiers)"),
		[ { email => "Nora.$library\@Mail.example", plan => 'pro', address => { city => 'Łódź' } } ],
		"$library: traits");
	is_deeply(rows("SELECT traits FROM cdp.accounts WHERE group_id = '$library-g'"), [ { name => 'Initech' } ], "$library: the account");
	return;
}

for my $library ('segment-node', 'rudder-node')
{
  SKIP:
	{
		send_calls($library) or skip "$library does not run here: $said", 6;
		check_server($library);
	}
}

SKIP:
{
	send_calls('segment-browser') or skip "segment-browser does not run here: $said", 5;
	is_deeply(
		rows(q{SELECT jsonb_build_array(type, event, context -> 'campaign' ->> 'name') FROM cdp.events WHERE source = 'segment-browser' ORDER BY type, event}),
		[ map { [ @$_, 'spring' ] } ([ 'alias', undef ], [ 'group', undef ], [ 'identify', undef ], [ 'page', 'page: Pricing' ], [ 'track', 'Order Completed' ], [ 'track', 'Product Viewed' ]) ],
		'segment-browser: types, events and campaigns');
	is_deeply(
		rows(q{SELECT jsonb_build_array(identifiers, traits) FROM cdp.profiles WHERE 'user_id:segment-browser-u' = ANY (identifiers)}),
		[ [ [ 'user_id:segment-browser-u', 'email:will@mail.example', 'anonymous_id:segment-browser-a', 'anonymous_id:segment-browser-u' ], { email => 'Will@Mail.example', plan => 'free' } ] ],
		'segment-browser: the person, before and after the login');
	is_deeply(rows(q{SELECT traits FROM cdp.accounts WHERE group_id = 'segment-browser-g'}), [ { name => 'Initech' } ], 'segment-browser: the account');
}

$node->stop;
done_testing();
