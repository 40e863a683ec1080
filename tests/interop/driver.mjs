// A real pg-boss, told by lines of JSON on its input what to do; its answers are lines of JSON, too.
// {"id": 1, "call": "send", "args": ["thumbnail", {"n": 1}]} is answered by {"id": 1, "result": "<uuid>"}.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const [folder, options] = process.argv.slice(2);
const entry = createRequire(`${folder}/`).resolve("pg-boss");
const module = await import(pathToFileURL(entry).href);
const PgBoss = module.PgBoss ?? module.default;

const boss = new PgBoss(JSON.parse(options));
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
boss.on("error", (error) => say({ event: "error", message: error.message }));

const say_performed = (job) => say({ event: "performed", name: job.name, id: job.id, data: job.data });

async function perform(job) {
  say_performed(job);
  const { hang, sleep: seconds, raise, give } = job.data ?? {};
  if (hang) await new Promise(() => {});
  if (seconds) await sleep(seconds * 1000);
  if (raise) throw new Error(raise);
  return give === undefined ? { by: "node" } : give;
}

const own = {
  work: (name, options) =>
    boss.work(name, options ?? {}, async (jobs) => {
      if (!Array.isArray(jobs)) return perform(jobs);
      let result;
      for (const job of jobs) result = await perform(job);
      return result;
    }),
  onComplete: (name) =>
    boss.onComplete(name, async (job) => say({ event: "completed", name, data: job.data })),
  sendMany: async (name, count, from) => {
    for (let n = from; n < from + count; n++) await boss.send(name, { n });
    return count;
  },
  burst: (name, count) => Promise.all(Array.from({ length: count }, (_, n) => boss.send(name, { n }))),
};

const dates = (_, value) => (value?.$date ? new Date(value.$date) : value);

await boss.start();
say({ event: "started" });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, args } = JSON.parse(line, dates);
  try {
    const method = own[call] ?? boss[call].bind(boss);
    say({ id, result: (await method(...args)) ?? null });
  } catch (error) {
    say({ id, error: error.message });
  }
}
process.exit(0);
