import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a Debian system has the two after `apt-get install libnginx-mod-nchan`. */
const INSTALLED = { nginx: "/usr/sbin/nginx", module: "/usr/lib/nginx/modules/ngx_nchan_module.so" };

/**
 * nginx with the Nchan module: the installed one, else Debian's packages, fetched with apt-get and unpacked into a folder that goes
 * with the process. Nothing is installed on the machine.
 *
 * @returns {{ nginx: string, module: string, version: string } | { missing: string }}
 */
export function findNchan() {
  if (existsSync(INSTALLED.nginx) && existsSync(INSTALLED.module)) return withVersion(INSTALLED);
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-nchan-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const fetched = spawnSync("apt-get", ["download", "-q", "nginx", "libnginx-mod-nchan"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (fetched.status !== 0) return { missing: "nginx with Nchan is neither installed nor to be had with apt-get" };
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    const unpacked = spawnSync("dpkg", ["-x", file, "."], { cwd: folder, encoding: "utf8" });
    if (unpacked.status !== 0)
      return { missing: `${file} could not be unpacked: ${unpacked.error?.message ?? unpacked.stderr}` };
  }
  const unpacked = { nginx: join(folder, INSTALLED.nginx), module: join(folder, INSTALLED.module) };
  moveBodyFolder(unpacked.module);
  return withVersion(unpacked);
}

/** Debian's build of the module makes a folder at start that no setting moves: in our copy it becomes one below nginx's prefix. */
function moveBodyFolder(module) {
  const bytes = readFileSync(module);
  const at = bytes.indexOf("/var/lib/nginx/body\0");
  if (at < 0) return;
  bytes.write("tmp/nchan_body_path", at, "latin1");
  writeFileSync(module, bytes);
}

function withVersion(paths) {
  const asked = spawnSync(paths.nginx, ["-v"], { encoding: "utf8" });
  if (asked.status !== 0) return { missing: `nginx does not run: ${asked.error?.message ?? asked.stderr}` };
  return { ...paths, version: asked.stderr.trim().replace(/^nginx version: /, "") };
}

/** Writes a configuration for one worker with one channel; returns the arguments that start it in the foreground. */
export function nchanArguments({ module, port }) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-nginx-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/tmp/${name};`)
    .join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `load_module ${module};
daemon off;
${process.getuid() === 0 ? "user root;" : ""}
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 20000; multi_accept on; }
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port} backlog=16384;
    location = /stream { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
    location = /publish { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1; }
  }
}
`,
  );
  return ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")];
}
