import type {
  AuditEntry,
  ClientsView,
  ExplainedEvaluation,
  FlagConfigView,
  FlagView,
  Problem,
  RampView,
  ReceiptsView,
  SegmentView,
  TokenView,
} from "@rampart/core";
import type { z } from "@hono/zod-openapi";
import { expectTypeOf, it } from "vitest";
import type * as schemas from "./schemas.ts";
import type * as receipts from "./schemas-receipts.ts";

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [key in keyof T]: DeepReadonly<T[key]> }
    : T;
type Shown<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

it("shows in the reference what the API's types say (checked by the compiler)", () => {
  expectTypeOf<FlagView>().toExtend<Shown<typeof schemas.flagView>>();
  expectTypeOf<FlagConfigView>().toExtend<Shown<typeof schemas.configView>>();
  expectTypeOf<RampView>().toExtend<Shown<typeof schemas.rampView>>();
  expectTypeOf<SegmentView>().toExtend<Shown<typeof schemas.segmentView>>();
  expectTypeOf<TokenView>().toExtend<Shown<typeof schemas.tokenView>>();
  expectTypeOf<ClientsView>().toExtend<Shown<typeof schemas.clientsView>>();
  expectTypeOf<AuditEntry>().toExtend<Shown<typeof schemas.auditEntry>>();
  expectTypeOf<ReceiptsView>().toExtend<Shown<typeof receipts.receiptsView>>();
  expectTypeOf<ExplainedEvaluation>().toExtend<Shown<typeof schemas.explainedEvaluation>>();
  expectTypeOf<Problem>().toExtend<Shown<typeof schemas.problem>>();
});
