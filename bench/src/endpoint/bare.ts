import express from 'express';
import pg from 'pg';

/**
 * The same query and the same JSON as service.ts, as Express and pg give them by themselves: nobody is asked for. With
 * `bound` it is confined by row-level security, as one would write that by hand.
 */
const [organizationId, confinement] = process.argv.slice(2);
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL!, max: 10 });

const notes = async (db: Pick<pg.Pool, 'query'>) => {
  const { rows } = await db.query(
    'select id, author_id, text, created_at from notes where organization_id = $1 order by id',
    [organizationId],
  );
  return rows;
};

async function boundNotes() {
  const client = await pool.connect();
  try {
    await client.query('begin read only');
    await client.query("select set_config('rivergate.organization_id', $1, true)", [organizationId]);
    const rows = await notes(client);
    await client.query('commit');
    return rows;
  } finally {
    client.release();
  }
}

const read = confinement === 'bound' ? boundNotes : () => notes(pool);
const app = express();
app.get('/api/v1/notes', async (_request, response) => {
  response.json({ success: true, data: { notes: await read() } });
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
