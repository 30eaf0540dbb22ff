// Set operations of segments in DuckDB, with its data already in memory.
//   node audience_duckdb.js load DATABASE CSV
//   node audience_duckdb.js run DATABASE QUERY      prints the first column of the first row, and the seconds of the second run
const { DuckDBInstance } = require('@duckdb/node-api');

async function main([task, database, argument]) {
	const instance = await DuckDBInstance.create(database, { threads: String(process.env.THREADS || 2) });
	const connection = await instance.connect();
	if (task === 'load') {
		await connection.run(`CREATE TABLE member AS SELECT * FROM read_csv('${argument}', header = false, columns = {name: 'VARCHAR', id: 'BIGINT'})`);
		const names = (await connection.runAndReadAll('SELECT DISTINCT name FROM member ORDER BY name')).getRows().map(([name]) => name);
		const columns = names.map((name) => `bool_or(name = '${name}') AS ${name}`).join(', ');
		await connection.run(`CREATE TABLE person AS SELECT id, ${columns} FROM member GROUP BY id`);
		await connection.run('CHECKPOINT');
		return;
	}
	const first = async () => (await connection.runAndReadAll(argument)).getRows()[0][0];
	await first();
	const start = process.hrtime.bigint();
	const found = await first();
	const seconds = Number(process.hrtime.bigint() - start) / 1e9;
	console.log(String(found));
	console.log('seconds ' + seconds.toFixed(4));
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
