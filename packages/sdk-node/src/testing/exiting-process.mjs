/** A program that asks for a flag and is done. It must end by itself, with its client still open. */
import { createClient } from "@rampart/sdk-node";

const { url, timeoutMs, close, cacheDir } = JSON.parse(process.argv[2]);
const sdk = createClient({ url, sdkKey: "dev", ...(cacheDir ? { cacheDir } : {}) });
const { status } = await sdk.init({ timeoutMs });
sdk.track("starts", "u");
if (close) await sdk.close();
process.stdout.write(`${status} ${sdk.isEnabled("sliceB_documents", "u")}\n`);
