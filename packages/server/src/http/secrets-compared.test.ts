import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const SERVER = fileURLToPath(new URL("../", import.meta.url));

/** Where a secret, or what is made of one, is compared with what a caller sent. */
const COMPARING = ["http/session.ts", "domain/client-signature.ts"];

it("no secret is compared in a way whose time tells where it differs", () => {
  for (const file of COMPARING)
    expect([file, readFileSync(SERVER + file, "utf8")]).toEqual([file, expect.stringContaining("timingSafeEqual(")]);
  // A new place that makes or checks a code of authentication has to be looked at, and named above or here.
  const making = readdirSync(SERVER, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !/\.test\.ts$|testing\//.test(path))
    .filter((path) => /createHmac\(/.test(readFileSync(SERVER + path, "utf8")));
  expect(making.toSorted()).toEqual(["domain/client-signature.ts", "http/session.ts", "notify/webhook.ts"]);
});
