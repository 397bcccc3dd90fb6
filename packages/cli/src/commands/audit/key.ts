import { paths } from "../../api/paths.ts";
import type { Define } from "../group.ts";

/** `GET /api/v1/audit/key` */
export interface AuditKey {
  readonly algorithm: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** `rampart audit key` */
export const defineKey: Define = (audit, bind) => {
  audit
    .command("key")
    .summary("the public key that the server signs exports and evidence with")
    .description(
      "Print the public key that the server signs audit exports and evidence with. Note it somewhere else: audit verify FILE --key KEY then tells this server's exports from any other's.",
    )
    .action(
      bind(async (run) => {
        const api = await run.api();
        const key = await api.request<AuditKey>({ path: paths.auditKey });
        run.print(key, () => `${key.publicKey}\n`);
        if (!run.json) run.note(`${key.algorithm}, fingerprint ${key.fingerprint}`);
      }),
    );
};
