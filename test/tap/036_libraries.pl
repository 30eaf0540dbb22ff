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
my @packages = ('@segment/analytics-node@3.1.0', '@segment/analytics-next@1.84.3', '@rudderstack/rudder-sdk-node@3.0.13', 'jsdom@22.1.0', '@snowplow/node-tracker@4.8.0');
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
		my $within = $sent->{batch} // $sent->{data};
		$calls += $within ? @$within : 1;
		$body =~ s/'/''/g;
		utf8::encode($body);
		$node->safe_psql('postgres', "INSERT INTO sent VALUES ('$library', '$body'); SELECT cdp.ingest('$body'::jsonb, '$library')");
	}
	return 0 if !$calls;
	is($node->safe_psql('postgres', 'SELECT taken, accepted, quarantined FROM cdp.refresh()'), "$calls|$calls|0", "$library: $calls calls are accepted");
	is(
		$node->safe_psql('postgres', qq{
			SELECT count(*) FROM sent CROSS JOIN jsonb_array_elements(coalesce(body -> 'batch', body -> 'data', jsonb_build_array(body))) c (call)
				JOIN cdp.messages m ON m.message_id = coalesce(call ->> 'messageId', call ->> 'eid') AND m.source = sent.library
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

SKIP:
{
	send_calls('snowplow-node') or skip "snowplow-node does not run here: $said", 3;
	my $page = { url => 'http://shop.example/pricing', title => 'Pricing', referrer => 'http://search.example/' };
	my $who = [ 'snowplow-u', 'snowplow-d', 'snowplow-n' ];
	is_deeply(
		rows(q{SELECT jsonb_build_array(type, event, jsonb_build_array(user_id, anonymous_id, identifiers ->> 'network_userid'), properties, context -> 'page', context -> 'app' ->> 'namespace')
			FROM cdp.events WHERE source = 'snowplow-node' ORDER BY type, event}),
		[
			[ 'page', 'page: Pricing', $who, { %$page, name => 'Pricing' }, $page, 'shop-app' ],
			[ 'track', 'add-to-basket', $who, { category => 'shop', action => 'add-to-basket', label => 'web', property => 'pcs', value => 2 }, undef, 'shop-app' ],
			[ 'track', 'order_completed', $who, { total => 19.5 }, undef, 'shop-app' ]
		],
		'snowplow-node: page views, structured and self-describing events');
	is_deeply(
		rows(q{SELECT jsonb_build_array(context -> 'schema', context -> 'contexts') FROM cdp.events WHERE source = 'snowplow-node' AND event = 'order_completed'}),
		[ [ 'iglu:com.acme/order_completed/jsonschema/1-0-0', [ { schema => 'iglu:com.acme/user/jsonschema/1-0-0', data => { plan => 'pro' } } ] ] ],
		'snowplow-node: schema and entities');
	is_deeply(
		rows(q{SELECT to_jsonb(identifiers) FROM cdp.profiles WHERE 'user_id:snowplow-u' = ANY (identifiers)}),
		[ [ 'user_id:snowplow-u', 'anonymous_id:snowplow-d', 'network_userid:snowplow-n' ] ],
		'snowplow-node: the person');
}

$node->stop;
done_testing();
