import type { StoreErrorCode } from "../ports/store-error.ts";
import { StoreError } from "../ports/store-error.ts";
import type { ProblemCode } from "./codes.ts";
import type { Failure } from "./problem.ts";

/** What a caller is told of an unexpected failure: what it means for them, and nothing of the inside. */
export function failureOf(cause: unknown, requestId: string): Failure {
  const request = `(request ${requestId})`;
  if (cause instanceof StoreError) {
    const code = codeOf(cause.code);
    if (code !== "INTERNAL") return { code, detail: `${sentence(cause.message)} ${request}`, hint: cause.hint };
  }
  return {
    code: "INTERNAL",
    detail: `Something failed inside the server ${request}.`,
    hint: "The server's log has the cause under this request id.",
  };
}

function codeOf(code: StoreErrorCode): ProblemCode {
  switch (code) {
    case "DISK_FULL":
      return "STORE_FULL";
    case "STORE_BUSY":
    case "STORE_UNREACHABLE":
      return "STORE_UNAVAILABLE";
    // Their messages name folders, and they happen at the start, where nobody is asking yet.
    case "DATA_FOLDER_UNUSABLE":
    case "DATA_FOLDER_IN_USE":
    case "DATABASE_DAMAGED":
    case "DATABASE_NEWER":
      return "INTERNAL";
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
