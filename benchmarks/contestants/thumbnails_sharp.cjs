// The same pictures with sharp: one shrink-on-load decode, kept in memory, encoded twice.
// The protocol is that of worker.py.
const fs = require("node:fs");
const readline = require("node:readline");
const sharp = require("sharp");

const photo = fs.readFileSync(process.argv[2]);
const edge = Number(process.argv[3]);
sharp.concurrency(1);
sharp.cache(false);

function peakMb() {
  if (!fs.existsSync("/proc/self/status")) return (process.resourceUsage().maxRSS * 1024) / 1e6;
  const kib = fs.readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s+(\d+)/)[1];
  return (Number(kib) * 1024) / 1e6;
}

async function job() {
  const { data, info } = await sharp(photo)
    .autoOrient()
    .resize(edge, edge, { fit: "inside" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const medium = await sharp(data, { raw }).jpeg({ quality: 85 }).toBuffer();
  const small = await sharp(data, { raw })
    .resize(200, 200, { fit: "inside" })
    .jpeg({ quality: 85 })
    .toBuffer();
  return { width: info.width, height: info.height, bytes: [medium.length, small.length] };
}

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

async function main() {
  const version = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, node ${process.version}`;
  say({ version, peak_mb: peakMb() });
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const begun = process.cpuUsage();
    const output = await job();
    const used = process.cpuUsage(begun);
    say({ cpu_ms: (used.user + used.system) / 1e3, peak_mb: peakMb(), output });
  }
}

main();
