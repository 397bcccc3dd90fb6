/**
 * Asks for one flag, once a second, and says when it changes. Against a server that runs with `npm start -- --dev`, nothing has to be
 * configured: create the flag, then ramp it, and watch this program. The same through OpenFeature: docs/openfeature.md.
 */
import { createClient } from "@rampart/sdk-node";

const url = process.env["RAMPART_URL"] ?? "http://127.0.0.1:4001";
const sdkKey = process.env["RAMPART_SDK_KEY"] ?? "dev";
const flag = process.argv[2] ?? "new-checkout";
const users = Array.from({ length: 10 }, (_, index) => `user-${index + 1}`);

const sdk = createClient({ url, sdkKey });
sdk.on("change", ({ revision }) => console.log(`revision ${revision} arrived`));
sdk.on("error", ({ code, message }) => console.error(`${code}: ${message}`));

const { status } = await sdk.init({ timeoutMs: 2000 });
console.log(`${status}; asking ${url} for ${flag}. Ctrl-C ends it.`);

if (sdk.evaluate(flag, "user-1", false).errorCode === "FLAG_NOT_FOUND")
  console.log(`There is no flag ${flag} yet, so everybody gets the default. Make it: rampart flags create ${flag}`);

const timer = setInterval(() => {
  const on = users.filter((user) => sdk.isEnabled(flag, user));
  console.log(`on for ${on.length} of ${users.length}: ${on.join(" ") || "nobody"}`);
}, 1000);

process.once("SIGINT", () => {
  clearInterval(timer);
  void sdk.close();
});
