import { describe, expect, it } from "vitest";
import { createLogger } from "./pino-logger.ts";

function logged(
  write: (logger: ReturnType<typeof createLogger>) => void,
  level: "debug" | "info" = "info",
): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger(level, { destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the log", () => {
  it("is one JSON object a line with time, level and message", () => {
    expect(logged((log) => log.warn({ port: 1 }, "hello"))).toEqual([
      { level: "warn", time: expect.stringMatching(/^\d{4}-.*Z$/) as string, port: 1, msg: "hello" },
    ]);
  });

  it("leaves out what is below its level", () => {
    expect(logged((log) => log.debug({}, "detail"))).toEqual([]);
    expect(logged((log) => log.debug({}, "detail"), "debug")).toHaveLength(1);
  });

  it("takes out secrets, by the name of their field and by their shape", () => {
    const token = `rmp_admin_all_${"a".repeat(49)}`;
    const text = JSON.stringify(
      logged((log) => {
        log.error(
          { headers: { authorization: "Bearer abc123" }, token: "abc123", err: new Error(`refused ${token}`) },
          `for ${token}`,
        );
        log.info({ headers: { "x-api-key": "abc123", cookie: "abc123" } }, "request");
      }),
    );
    expect(text).not.toContain("abc123");
    expect(text).not.toContain("aaaa");
    expect(text).toContain("rmp_admin_all_[secret]");
  });
});
