// pg-boss 8's jobs, producer and worker.
import PgBoss from "pg-boss";
import "../../inside/heavy.mjs";
import { produce } from "../../inside/producer.mjs";
import { count, perform } from "../../inside/work.mjs";

const connectionString = process.env.DATABASE_URL;
const newJobCheckInterval = 100;

async function work(batchSize, teamSize, teamConcurrency) {
  const boss = new PgBoss({ connectionString });
  boss.on("error", console.error);
  await boss.start();
  if (batchSize > 1) {
    // The jobs of a batch are the handler's own to complete.
    const batched = (perform) => async (jobs) => {
      await Promise.all(jobs.map(perform));
      await boss.complete(jobs.map((job) => job.id));
    };
    const options = { batchSize, newJobCheckInterval };
    await boss.work("noop", options, batched(async () => count()));
    await boss.work("work", options, batched((job) => perform(job.data)));
  } else {
    const options = { teamSize, teamConcurrency, teamRefill: true, newJobCheckInterval };
    await boss.work("noop", options, async () => count());
    await boss.work("work", options, (job) => perform(job.data));
  }
}

let boss;
async function producing() {
  if (!boss) {
    boss = new PgBoss({ connectionString, noSupervisor: true, noScheduling: true });
    boss.on("error", console.error);
    await boss.start();
  }
  return boss;
}

const producer = {
  setup: producing,
  async submit(job, args, priority) {
    await (await producing()).send(job, args, { priority });
  },
  async submitMany(job, many) {
    await (await producing()).insert(many.map((data) => ({ name: job, data })));
  },
  stop: async () => boss?.stop({ graceful: false }),
};

const [what, ...numbers] = process.argv.slice(2);
await (what === "work" ? work(...numbers.map(Number)) : produce(producer));
