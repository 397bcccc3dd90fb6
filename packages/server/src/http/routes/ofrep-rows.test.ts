import { OFREPProvider } from "@openfeature/ofrep-provider";
import type { EvaluationDetails, FlagValue, JsonValue } from "@openfeature/server-sdk";
import { OpenFeature } from "@openfeature/server-sdk";
import { afterEach, describe, expect, it } from "vitest";
import type { ConformanceCase } from "../../../../core/src/conformance.contract.ts";
import { conformanceCases } from "../../../../core/src/conformance.contract.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

const ROWS = conformanceCases().get("openfeature") ?? [];

interface FlagOfRows {
  readonly key: string;
  readonly revision: number;
  readonly type?: string;
  readonly variants?: object;
}

/** The rows' flags, made as an operator makes them. */
async function make(server: TestServer): Promise<void> {
  const [{ snapshot }] = ROWS as readonly [ConformanceCase];
  const { flags } = snapshot as { readonly flags: readonly FlagOfRows[] };
  for (const { key, type, variants, revision: _, ...config } of flags) {
    const body = { key, ...(type !== undefined && { type }), ...(variants !== undefined && { variants }) };
    const made = await server.call("POST /api/v1/flags", { body });
    const set = await server.call(`PATCH /api/v1/environments/production/flags/${key}`, { body: config });
    if (set.status !== 200) throw new Error(`${key}: ${made.text} ${set.text}`);
  }
}

describe("through the published OFREP provider, the rows of OpenFeature's own suite", () => {
  afterEach(() => OpenFeature.clearProviders());

  it("are answered as they want it", async () => {
    const server = await startTestServer();
    await make(server);
    const headers: [string, string][] = [["authorization", `Bearer ${server.sdkKey}`]];
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: server.url, headers }));
    const answers = ROWS.map(async (row) => {
      const { value, variant, reason, errorCode } = await detailsOf(row);
      return { name: row.name, value, variant, reason, errorCode };
    });
    const wanted = ROWS.map(({ name, expect: { ruleId: _, ...rest } }) => ({ name, ...rest }));
    expect(wanted).toHaveLength(50);
    expect(await Promise.all(answers)).toEqual(wanted);
  });
});

function detailsOf({ flag, user, default: value }: ConformanceCase): Promise<EvaluationDetails<FlagValue>> {
  const client = OpenFeature.getClient();
  const context = user as Record<string, JsonValue>;
  if (typeof value === "boolean") return client.getBooleanDetails(flag, value, context);
  if (typeof value === "string") return client.getStringDetails(flag, value, context);
  if (typeof value === "number") return client.getNumberDetails(flag, value, context);
  return client.getObjectDetails(flag, value as JsonValue, context);
}
