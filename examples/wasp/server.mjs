// A web server whose jobs are wired as Wasp wires them: one pg-boss, started before the server
// listens; per job `work` without options, and its schedule.
import { createServer } from "node:http";
import PgBoss from "pg-boss";

const job = {
  name: "renderReport",
  perform: async ({ milliseconds }) => {
    const ends = performance.now() + milliseconds;
    while (performance.now() < ends);
    return { rendered: true };
  },
  schedule: { cron: "0 4 * * *", args: { milliseconds: 500 }, options: { retryLimit: 1 } },
};

const boss = new PgBoss(
  process.env.PG_BOSS_NEW_OPTIONS
    ? JSON.parse(process.env.PG_BOSS_NEW_OPTIONS)
    : { connectionString: process.env.DATABASE_URL },
);
boss.on("error", console.error);
await boss.start();

// Once Python performs the job, this line is all that goes from the Node side.
if (process.env.PERFORM_IN_NODE) await boss.work(job.name, ({ data }) => job.perform(data));
await boss.schedule(job.name, job.schedule.cron, job.schedule.args, job.schedule.options);

const server = createServer(async (request, response) => {
  if (request.method === "POST") {
    const id = await boss.send(job.name, { milliseconds: 500 });
    response.writeHead(202).end(id);
  } else {
    response.end("hello");
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
