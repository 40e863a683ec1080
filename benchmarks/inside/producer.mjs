// Submits for the harness, as producer.py does: one command a line, one answer a line, both JSON.
import readline from "node:readline";

export async function produce({ setup, submit, submitMany, stop }) {
  const commands = {
    async setup() {
      await setup();
      return {};
    },
    submit: ({ job, args, priority, count }) =>
      timed(async () => {
        for (let i = 0; i < count; i++) await submit(job, args, priority);
      }),
    submit_many: ({ job, args, count }) => timed(() => submitMany(job, many(args, count))),
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const answer = await commands[command.do](command);
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
  await stop();
  process.exit();
}

function many(args, count) {
  return Array.from({ length: count }, (_, n) => args[n % args.length]);
}

async function timed(submit) {
  const began = process.hrtime.bigint();
  await submit();
  return { began: Number(began), ended: Number(process.hrtime.bigint()) };
}
