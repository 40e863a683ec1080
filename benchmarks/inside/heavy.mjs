// An application that costs 200 MB to load: half of it bytes, half of it small objects.
if (process.env.BENCH_HEAVY) {
  globalThis.bytes = Buffer.alloc(100 << 20, "some of many bytes");
  globalThis.objects = Array.from({ length: 1_200_000 }, (_, n) => ({ text: `object number ${n}` }));
}
