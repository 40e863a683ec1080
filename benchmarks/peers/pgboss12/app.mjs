// pg-boss 12's jobs, producer and worker.
import { PgBoss } from "pg-boss";
import "../../inside/heavy.mjs";
import { produce } from "../../inside/producer.mjs";
import { count, perform } from "../../inside/work.mjs";

const connectionString = process.env.DATABASE_URL;
const QUEUES = ["noop", "work"];

async function work(batchSize, localConcurrency, heartbeatSeconds) {
  const often = { superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 };
  const rescue = heartbeatSeconds ? often : {};
  const boss = new PgBoss({ connectionString, useListenNotify: true, ...rescue });
  boss.on("error", console.error);
  await boss.start();
  if (heartbeatSeconds) await boss.updateQueue("work", { heartbeatSeconds });
  const options = { batchSize, localConcurrency, burstWhenBatchFull: true };
  options.pollingIntervalSeconds = 0.5;
  await boss.work("noop", options, async (jobs) => jobs.forEach(count));
  await boss.work("work", options, async (jobs) => {
    await Promise.all(jobs.map((job) => perform(job.data)));
  });
}

let boss;
async function producing() {
  if (!boss) {
    boss = new PgBoss({ connectionString, supervise: false, schedule: false });
    boss.on("error", console.error);
    await boss.start();
  }
  return boss;
}

const producer = {
  async setup() {
    for (const queue of QUEUES) await (await producing()).createQueue(queue, { notify: true });
  },
  async submit(job, args, priority) {
    await (await producing()).send(job, args, { priority });
  },
  async submitMany(job, many) {
    await (await producing()).insert(job, many.map((data) => ({ data })));
  },
  stop: async () => boss?.stop({ graceful: false }),
};

const [what, ...numbers] = process.argv.slice(2);
await (what === "work" ? work(...numbers.map(Number)) : produce(producer));
