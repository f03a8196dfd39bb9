import express from 'express';
import pg from 'pg';

/** The same query and the same JSON as service.ts, as Express and pg give them by themselves: nobody is asked for. */
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL!, max: 10 });
const organizationId = Number(process.argv[2]);

const app = express();
app.get('/api/v1/notes', async (_request, response) => {
  const { rows } = await pool.query(
    'select id, author_id, text, created_at from notes where organization_id = $1 order by id',
    [organizationId],
  );
  response.json({ success: true, data: { notes: rows } });
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
