// One query over table "events" in DuckDB, with its data already in memory.
//   node timelines_duckdb.js load DATABASE CSV
//   node timelines_duckdb.js run DATABASE QUERY      prints the answer and the seconds of the second run
const { DuckDBInstance } = require('@duckdb/node-api');

async function main([task, database, argument]) {
	const instance = await DuckDBInstance.create(database, { threads: String(process.env.THREADS || 2) });
	const connection = await instance.connect();
	if (task === 'load') {
		await connection.run(`CREATE TABLE events AS SELECT * FROM read_csv('${argument}', header = false, columns = {user_id: 'INTEGER', ts: 'TIMESTAMP', name: 'VARCHAR', value: 'DOUBLE'})`);
		await connection.run('CHECKPOINT');
		return;
	}
	await connection.runAndReadAll(argument);
	const start = process.hrtime.bigint();
	const rows = (await connection.runAndReadAll(argument)).getRows();
	const seconds = Number(process.hrtime.bigint() - start) / 1e9;
	console.log(rows[0].join('|'));
	console.log('seconds ' + seconds.toFixed(4));
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
