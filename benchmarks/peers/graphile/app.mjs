// graphile-worker's tasks, producer and worker.
import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import "../../inside/heavy.mjs";
import { produce } from "../../inside/producer.mjs";
import { count, perform } from "../../inside/work.mjs";

const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => (level, message) => {
  if (level === "warning" || level === "error") console.error(message);
});
const taskList = { noop: async () => count(), work: perform };

async function work(concurrentJobs, batch) {
  const batching =
    batch > 0
      ? { localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
      : {};
  const maxPoolSize = concurrentJobs + 1;
  const preset = { worker: { connectionString, concurrentJobs, maxPoolSize, ...batching } };
  const runner = await run({ preset, taskList, logger });
  await runner.promise;
}

let utils;
const tools = async () => (utils ??= await makeWorkerUtils({ connectionString, logger }));

const producer = {
  setup: () => runMigrations({ connectionString, logger }),
  // The lower the number, the sooner.
  async submit(job, args, priority) {
    await (await tools()).addJob(job, args, { priority: -priority });
  },
  async submitMany(job, many) {
    await (await tools()).addJobs(many.map((payload) => ({ identifier: job, payload })));
  },
  stop: async () => utils?.release(),
};

const [what, ...numbers] = process.argv.slice(2);
await (what === "work" ? work(...numbers.map(Number)) : produce(producer));
