/**
 * The generated pages are those in the tree. To make them anew: `npx vitest run packages/server/src/domain/plan/reference.test.ts -u`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parsePlan } from "./parse.ts";
import { planSchema } from "./json-schema.ts";
import { documentLines, documentTable } from "./testing/reference-documents.ts";
import { fieldReference } from "./testing/reference-fields.ts";

const ROOT = new URL("../../../../../", import.meta.url);
const BEGIN = "<!-- fields: made from the schema's descriptions, by reference.test.ts -->";
const END = "<!-- /fields -->";

describe("the published schema", () => {
  it("is that of the code", async () => {
    await expect(`${JSON.stringify(planSchema(), undefined, 2)}\n`).toMatchFileSnapshot(
      fileURLToPath(new URL("docs/reference/rollout-plan.schema.json", ROOT)),
    );
  });

  it("describes every field", () => {
    const bare: string[] = [];
    visit(planSchema() as { readonly [key: string]: unknown }, "", bare);
    expect(bare).toEqual([]);
  });
});

describe("the page about plans", () => {
  it("begins with a plan that nothing is to be said of", () => {
    const page = readFileSync(new URL("docs/plan.md", ROOT), "utf8");
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const result = parsePlan(example.replaceAll(/^ {3}/gm, ""));
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it("lists every field as the code describes it", async () => {
    const path = fileURLToPath(new URL("docs/plan.md", ROOT));
    const page = readFileSync(path, "utf8");
    const [before, rest] = page.split(BEGIN);
    const after = rest?.split(END)[1];
    if (before === undefined || after === undefined)
      throw new Error(`docs/plan.md has lost the line ${BEGIN} or ${END}`);
    await expect(`${before}${BEGIN}\n\n${fieldReference()}\n\n${END}${after}`).toMatchFileSnapshot(path);
  });
});

/** The documents by their titles, and the plans that they became. */
const DOCUMENTS: readonly { readonly title: string; readonly plan: string }[] = [
  { title: "Canary Deployment Plan - Portal API v1.0.0-rc.1", plan: "portal-api-rc1.yaml" },
  { title: "Production Change Plan - Portal API v1.0.0", plan: "portal-api-v1.yaml" },
  { title: "Canary Deployment Rollout Plan (Flexoraa production backend)", plan: "flexoraa-backend.yaml" },
  { title: "Phase 9: Production Canary Deployment Plan", plan: "phase-9-slice-b.yaml" },
  { title: "Canary Deployment Protocol (Spark Trading v1.4.0)", plan: "spark-trading.yaml" },
];

const readPlan = (name: string): string => readFileSync(new URL(`examples/plans/${name}`, ROOT), "utf8");

describe("the page about documents", () => {
  it("has every line of every document where the plans' comments say it went", async () => {
    const head = `# From documents to plans

Five teams wrote down how they would roll something out. Each document became one plan, in full. These tables list the documents line by line: what it says,
which line of the plan it became, and how, where that isn't plain. What a plan doesn't do (deploying, load balancers, scripts) is listed too, with what takes
its place.

This page is made from the comments in the plans (\`# doc:43 …\`, \`# out:34-39 …\`) by a test; edit them, not this.
`;
    const tables = DOCUMENTS.map(
      ({ title, plan }) =>
        `## ${title}\n\nPlan: [\`examples/plans/${plan}\`](../examples/plans/${plan})\n\n${documentTable(readPlan(plan), `../examples/plans/${plan}`)}\n`,
    );
    await expect(`${head}\n${tables.join("\n")}`).toMatchFileSnapshot(
      fileURLToPath(new URL("docs/plans-from-documents.md", ROOT)),
    );
  });

  it("says of everything that is not in a plan what to do instead", () => {
    for (const { plan } of DOCUMENTS) {
      const left = documentLines(readPlan(plan)).filter(
        ({ planLine, note }) => planLine === undefined && note === undefined,
      );
      expect({ plan, left }).toEqual({ plan, left: [] });
    }
  });
});

/** Fields without a description, by their paths. */
function visit(node: { readonly [key: string]: unknown }, path: string, bare: string[]): void {
  for (const [name, field] of Object.entries(
    (node["properties"] ?? {}) as { readonly [name: string]: { readonly [key: string]: unknown } },
  )) {
    if (typeof field["description"] !== "string") bare.push(`${path}/${name}`);
    visit(field, `${path}/${name}`, bare);
  }
  for (const key of ["items", "additionalProperties"] as const) {
    const inner = node[key];
    if (typeof inner === "object" && inner !== null)
      visit(inner as { readonly [key: string]: unknown }, `${path}/*`, bare);
  }
  for (const inner of (node["anyOf"] ?? []) as readonly { readonly [key: string]: unknown }[]) visit(inner, path, bare);
}
