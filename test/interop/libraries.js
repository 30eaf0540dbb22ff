/*
 * Calls the libraries with which others track, against an HTTP server of its own, and prints what they sent: a JSON object a
 * line, {"library", "path", "body"}, where the body is the text as it was sent.
 *
 * usage: node libraries.js [LIBRARY ...]; a library that is not installed, or does not run on this node, is told to stderr.
 */
'use strict';

const http = require('http');
const zlib = require('zlib');

const at = new Date('2026-11-02T08:00:00.123Z');

/* Calls of a server's library that follows Segment's API: the same for all, so that what arrives can be compared. */
function callServer(client, prefix) {
	const user = { userId: `${prefix}-u`, anonymousId: `${prefix}-a` };
	client.identify({ ...user, timestamp: at, traits: { email: `Nora.${prefix}@Mail.example`, plan: 'pro', address: { city: 'Łódź' } } });
	client.track({ ...user, timestamp: at, event: 'Order Completed', properties: { total: 19.5, products: [{ product_id: 'p-1', price: 19.5 }] } });
	client.page({ anonymousId: `${prefix}-a`, timestamp: at, category: 'Docs', name: 'Pricing', properties: { url: 'http://shop.example/pricing' } });
	client.screen({ anonymousId: `${prefix}-a`, timestamp: at, name: 'Home', properties: {} });
	client.group({ ...user, timestamp: at, groupId: `${prefix}-g`, traits: { name: 'Initech' } });
	client.alias({ userId: `${prefix}-u2`, previousId: `${prefix}-u`, timestamp: at });
}

async function segmentNode(url) {
	const { Analytics } = require('@segment/analytics-node');
	const client = new Analytics({ writeKey: 'key', host: url, path: '/v1/batch', flushAt: 6, flushInterval: 100 });
	callServer(client, 'segment-node');
	await client.closeAndFlush({ timeout: 5000 });
}

async function rudderNode(url) {
	const RudderAnalytics = require('@rudderstack/rudder-sdk-node');
	const client = new RudderAnalytics('key', { dataPlaneUrl: url, flushAt: 6, flushInterval: 100, gzip: true });
	callServer(client, 'rudder-node');
	await new Promise((resolve) => client.flush(resolve));
}

async function segmentBrowser(url) {
	const { JSDOM } = require('jsdom');
	const page = new JSDOM('<!DOCTYPE html><title>Pricing</title>', { url: 'http://shop.example/pricing?utm_source=news&utm_campaign=spring&gclid=G-1', referrer: 'http://search.example/', pretendToBeVisual: true });
	for (const name of ['document', 'location', 'navigator', 'localStorage', 'sessionStorage', 'addEventListener', 'removeEventListener', 'Node', 'Element', 'HTMLElement', 'Event', 'CustomEvent'])
		Object.defineProperty(globalThis, name, { value: typeof page.window[name] === 'function' && /Listener/.test(name) ? page.window[name].bind(page.window) : page.window[name], configurable: true, writable: true });
	Object.defineProperty(globalThis, 'window', { value: page.window, configurable: true, writable: true });
	page.window.fetch = globalThis.fetch;
	const { AnalyticsBrowser } = require('@segment/analytics-next');
	const host = url.replace('http://', '');
	const [client] = await AnalyticsBrowser.load({ writeKey: 'key', cdnSettings: { integrations: { 'Segment.io': { apiKey: 'key', apiHost: `${host}/v1`, protocol: 'http' } }, plan: {} } }, { initialPageview: false, integrations: { 'Segment.io': { apiHost: `${host}/v1`, protocol: 'http' } } });
	client.setAnonymousId('segment-browser-a');
	await client.page('Docs', 'Pricing');
	await client.track('Product Viewed', { product_id: 'p-1', price: 19.5 });
	await client.identify('segment-browser-u', { email: 'Will@Mail.example', plan: 'free' });
	await client.track('Order Completed', { total: 19.5 });
	await client.group('segment-browser-g', { name: 'Initech' });
	await client.alias('segment-browser-u2', 'segment-browser-u');
}

async function snowplowNode(url) {
	const { newTracker, buildPageView, buildStructEvent, buildSelfDescribingEvent } = require('@snowplow/node-tracker');
	const tracker = newTracker({ namespace: 'shop', appId: 'shop-app', encodeBase64: true }, { endpoint: url, eventMethod: 'post', bufferSize: 3 });
	tracker.setUserId('snowplow-u');
	tracker.setDomainUserId('snowplow-d');
	tracker.setNetworkUserId('snowplow-n');
	tracker.track(buildPageView({ pageUrl: 'http://shop.example/pricing', pageTitle: 'Pricing', referrer: 'http://search.example/' }));
	tracker.track(buildStructEvent({ category: 'shop', action: 'add-to-basket', label: 'web', property: 'pcs', value: 2 }));
	tracker.track(buildSelfDescribingEvent({ event: { schema: 'iglu:com.acme/order_completed/jsonschema/1-0-0', data: { total: 19.5 } } }),
		[{ schema: 'iglu:com.acme/user/jsonschema/1-0-0', data: { plan: 'pro' } }]);
	await tracker.flush();
}

const libraries = { 'segment-node': segmentNode, 'rudder-node': rudderNode, 'segment-browser': segmentBrowser, 'snowplow-node': snowplowNode };

/* Collects the requests of one library, until it has been idle for a while. */
async function capture(library) {
	let last = Date.now();
	const server = http.createServer((request, response) => {
		const parts = [];
		request.on('data', (part) => parts.push(part));
		request.on('end', () => {
			last = Date.now();
			let body = Buffer.concat(parts);
			if (request.headers['content-encoding'] === 'gzip')
				body = zlib.gunzipSync(body);
			if (request.method === 'POST')
				console.log(JSON.stringify({ library, path: request.url, body: body.toString() }));
			response.writeHead(200, { 'content-type': 'application/json' });
			response.end('{"success": true}');
		});
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		await libraries[library](`http://127.0.0.1:${server.address().port}`);
		while (Date.now() - last < 1000)
			await new Promise((resolve) => setTimeout(resolve, 50));
	} catch (error) {
		console.error(`${library}: ${error.stack}`);
	}
	server.close();
}

async function main() {
	for (const library of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(libraries))
		await capture(library);
	process.exit(0);
}

main();
