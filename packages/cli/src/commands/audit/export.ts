import { paths } from "../../api/paths.ts";
import type { Define } from "../group.ts";

/** `rampart audit export` */
export const defineExport: Define = (audit, bind) => {
  audit
    .command("export")
    .summary("the whole record, one JSON object a line, oldest first")
    .description(
      "Write the whole audit to stdout as NDJSON, to be kept elsewhere and verified there: rampart audit verify --file FILE.",
    )
    .action(
      bind(async (run) => {
        const api = await run.api();
        for await (const text of api.stream({ path: paths.auditExport })) {
          if (!run.io.stdout.write(text)) return;
        }
      }),
    );
};
