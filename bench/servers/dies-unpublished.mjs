/**
 * Loaded into a server before it starts: kills it, as kill -9 does, at the moment at which it is about to write an urgent change to its first stream.
 * By then the change is committed, and nobody has heard of it. Only the process whose id stands in the file that BENCH_VICTIM_FILE names dies.
 */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";

const { BENCH_VICTIM_FILE: file } = process.env;
const write = Reflect.get(Socket.prototype, "write");

Socket.prototype.write = function (data, ...rest) {
  const isUrgent = Buffer.isBuffer(data) && data.includes("event: delta") && data.includes('"urgent":true');
  if (isUrgent && readFileSync(file, "utf8") === String(process.pid)) process.kill(process.pid, "SIGKILL");
  return Reflect.apply(write, this, [data, ...rest]);
};
