import type { Define } from "../group.ts";

const EXAMPLES = `
Examples:
  rampart plan schema > rollout-plan.schema.json

With the file beside a plan, editors complete and check it as you type:
  # yaml-language-server: $schema=./rollout-plan.schema.json
`;

/** `rampart plan schema` */
export const defineSchema: Define = (command, bind) => {
  command
    .description("Print the plan format as JSON Schema, for editors.")
    .addHelpText("after", EXAMPLES)
    .action(
      bind(async (run) => {
        const { planSchema } = await import("@rampart/server/plan");
        run.io.stdout.write(`${JSON.stringify(planSchema(), null, 2)}\n`);
      }),
    );
};
