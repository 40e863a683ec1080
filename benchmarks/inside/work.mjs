// The work that every Node contestant performs: what work.py does for Python's.
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const directory = process.env.BENCH_DIRECTORY;
const CELLS = 8192; // as in cells.py
const offset = (process.pid % CELLS) * 8;
const cell = Buffer.alloc(8);

// Node cannot map memory, so the count is written out every few milliseconds while it grows.
let counted = 0;
let writing = false;

export function count() {
  counted += 1;
  if (!writing) {
    writing = true;
    setTimeout(write, 5);
  }
}

function write() {
  writing = false;
  cell.writeBigInt64LE(BigInt(counted));
  fs.writeSync(counts, cell, 0, 8, offset);
}

const counts = fs.openSync(`${directory}/counts`, "r+");
const before = Buffer.alloc(8);
fs.readSync(counts, before, 0, 8, offset);
counted = Number(before.readBigInt64LE());

export async function perform(args) {
  note("start", args);
  if (args.sleep) await sleep(1000 * args.sleep);
  if (args.burn) burn(args.burn);
  note("end", args);
}

function burn(seconds) {
  const began = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(began);
    if (user + system >= 1e6 * seconds) return;
    for (let i = 0; i < 20_000; i++);
  }
}

function note(what, args) {
  const line = `${process.hrtime.bigint()} ${process.pid} ${what} ${args.tag ?? "-"}\n`;
  fs.appendFileSync(`${directory}/moments`, line);
}
