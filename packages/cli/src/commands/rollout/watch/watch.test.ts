import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RolloutEventView, RolloutView } from "@rampart/core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Attention } from "../../../io.ts";
import { rampart, type FakeOptions } from "../../../testing/fake-io.ts";
import { ROLLOUT_ID, rolloutEvent, rolloutSummary, rolloutView } from "../../../testing/rollout.ts";

const NO_COLOR = { NO_COLOR: "1", XDG_CONFIG_HOME: "/nonexistent" };

/** A server with one rollout. Each look at it takes the next step, but not before somebody streams what has happened; the last one stays. */
interface Step {
  /** Missing: the server is away. */
  readonly view?: RolloutView;
  /** What has happened up to here. */
  readonly events?: readonly RolloutEventView[];
}

async function serve(steps: readonly Step[]) {
  let looks = 0;
  const lastEventIds: (string | undefined)[] = [];
  const streams = new Set<ServerResponse>();
  const current = (): Step => steps[Math.min(Math.max(looks - 1, 0), steps.length - 1)] ?? {};
  const story = (): readonly RolloutEventView[] => current().events ?? [];
  const push = (response: ServerResponse, events: readonly RolloutEventView[]): void => {
    for (const event of events) response.write(`event: record\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const json = (response: ServerResponse, body: unknown): void => void response.end(JSON.stringify(body));
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    const isStream = request.headers.accept === "text/event-stream";
    if (path === "/api/v1/rollouts") return json(response, { items: [rolloutSummary()] });
    if (path === `/api/v1/rollouts/${ROLLOUT_ID}/events` && isStream) {
      lastEventIds.push(request.headers["last-event-id"] as string | undefined);
      const after = Number(request.headers["last-event-id"]);
      streams.add(response.writeHead(200, { "content-type": "text/event-stream" }));
      response.write(": hello\n\n");
      push(
        response,
        story().filter((event) => event.id > after),
      );
      return;
    }
    if (path?.endsWith("/events")) return json(response, { items: story() });
    const known = story();
    if (looks === 0 || known.length === 0 || current().view === undefined || streams.size > 0) looks += 1;
    const { view, events = [] } = current();
    if (view === undefined) {
      for (const stream of streams) stream.destroy();
      streams.clear();
      return void response.writeHead(503).end();
    }
    for (const stream of streams) push(stream, events.slice(known.length));
    json(response, view);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lastEventIds };
}

async function watch(steps: readonly Step[], options: FakeOptions = {}, ...more: readonly string[]) {
  const { url, lastEventIds } = await serve(steps);
  const outcome = await rampart(["rollout", "status", "checkout", "--watch", "--url", url, ...more], options);
  return { ...outcome, lastEventIds };
}

const started = rolloutEvent(1, "stageStarted");
const fired = rolloutEvent(2, "triggerFired", {
  cause: {
    kind: "trigger",
    subject: "errors",
    condition: "error_rate >= 5%",
    value: 0.0612,
    threshold: 0.05,
    since: "2026-01-05T11:57:00.000Z",
  },
});
const over = rolloutEvent(3, "rolledBack", { state: "rolledBack", percentage: 0 });
const rolledBack = rolloutView({
  status: "rolledBack",
  percentage: 0,
  sentence: "Rolled back by trigger errors; recovered.",
});
const completed = rolloutView({ status: "completed", percentage: 100, sentence: "Completed at 100 %." });

describe("status --watch in a pipe", () => {
  const story: readonly Step[] = [
    { view: rolloutView(), events: [started] },
    { view: rolloutView(), events: [started, fired] },
    { view: rolledBack, events: [started, fired, over] },
  ];

  it("prints the whole story, a line an event, and ends with 5 when the rollout is rolled back", async () => {
    const { code, stdout, stderr } = await watch(story);
    expect(code).toBe(5);
    expect(stdout.split("\n")).toEqual([
      "2026-01-05 11:59:00  running  25 %  quarter  quarter opened at 25 %",
      "2026-01-05 11:59:00  running  25 %  quarter  trigger fired: errors (error_rate >= 5%) at 6.12% for 2m",
      "2026-01-05 11:59:00  rolled back  0 %  quarter  rollback complete",
      "",
    ]);
    expect(stderr).toBe("Rolled back by trigger errors; recovered.\n");
  });

  it("prints JSON, a document a line, with --json", async () => {
    const { stdout, stderr } = await watch(story, {}, "--json");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((text) => JSON.parse(text) as unknown),
    ).toEqual([started, fired, over]);
    expect(stderr).toBe("");
  });

  it("ends with 0 when it is completed, 1 when it was cancelled", async () => {
    expect((await watch([{ view: completed }])).code).toBe(0);
    expect((await watch([{ view: rolloutView({ status: "cancelled" }) }])).code).toBe(1);
  });

  it("goes on where it was when the server was away, and tells no event twice", async () => {
    const away: Step = { events: [started] };
    const back: Step = { view: rolloutView(), events: [started, fired] };
    const { stdout, stderr, lastEventIds } = await watch([
      { view: rolloutView(), events: [started] },
      away,
      away,
      ...Array.from({ length: 3 }, () => back),
      { view: rolledBack, events: [started, fired, over] },
    ]);
    expect(stdout.match(/quarter opened/g)).toHaveLength(1);
    expect(stdout.match(/trigger fired/g)).toHaveLength(1);
    expect(stderr.match(/not connected/g)).toHaveLength(1);
    expect(stderr).toContain("connected again");
    expect(lastEventIds[0]).toBe("0");
  });

  it("stops when its reader has gone", async () => {
    const { code } = await watch([{ view: rolloutView(), events: [started] }], { readerLeavesAfter: 1 });
    expect(code).toBe(0);
  });
});

describe("status --watch on a terminal", () => {
  const ENTER = "\u001b[?1049h";
  const LEAVE = "\u001b[?25h\u001b[?1049l";
  const terminal = { terminal: 100, rows: 30, env: NO_COLOR };

  function frames(stdout: string): readonly string[] {
    const screens = stdout.slice(0, stdout.indexOf(LEAVE)).split("\u001b[H").slice(1);
    // eslint-disable-next-line no-control-regex
    return screens.map((text) => text.replaceAll(/\u001b\[[?0-9]*[a-zA-Z]/g, "").replaceAll("\r", ""));
  }

  it("redraws a screen of its own, gives the terminal back, and leaves the last state behind", async () => {
    const { code, stdout } = await watch([{ view: rolloutView() }, { view: completed }], terminal);
    expect(code).toBe(0);
    expect(stdout.startsWith(ENTER)).toBe(true);
    const [first, last] = [frames(stdout).at(0), frames(stdout).at(-1)];
    expect(first).toContain("30m left of 2h");
    expect(first).toContain("live · q quits");
    expect(last).toContain("Completed at 100 %.");
    expect(stdout.slice(stdout.indexOf(LEAVE) + LEAVE.length)).toMatch(/^checkout in production {2}● completed/);
  });

  it("says that it is not connected and how old what it shows is, until the server is back", async () => {
    const { stdout } = await watch([{ view: rolloutView() }, {}, {}, { view: completed }], terminal);
    const lost = frames(stdout).filter((text) => text.includes("not connected"));
    expect(lost).toHaveLength(2);
    expect(lost[0]).toMatch(/not connected: showing what was true \d+s ago/);
    expect(lost[0]).toContain("30m left of 2h");
    expect(frames(stdout).at(-1)).not.toContain("not connected");
  });

  it.each(["q", "\u0003"])("ends at the key %j with exit code 0, and gives the keyboard back", async (key) => {
    let isAttended = false;
    const attend = ({ onKey }: Attention): (() => void) => {
      isAttended = true;
      queueMicrotask(() => onKey(key));
      return () => {
        isAttended = false;
      };
    };
    const { code, stdout } = await watch([{ view: rolloutView() }], { ...terminal, attend });
    expect({ code, isAttended }).toEqual({ code: 0, isAttended: false });
    expect(stdout).toContain(LEAVE);
  });

  it("gives the terminal back when the process is asked to end", async () => {
    const attend = ({ onInterrupt }: Attention): (() => void) => {
      queueMicrotask(onInterrupt);
      return () => undefined;
    };
    expect((await watch([{ view: rolloutView() }], { ...terminal, attend })).stdout).toContain(LEAVE);
  });

  it("never draws more than fits, and says how much is missing", async () => {
    const { stdout } = await watch([{ view: rolloutView() }, { view: completed }], {
      ...terminal,
      terminal: 40,
      rows: 8,
    });
    for (const text of frames(stdout)) {
      expect(text.split("\n").length).toBeLessThanOrEqual(8);
      for (const one of text.split("\n")) expect(one.length).toBeLessThanOrEqual(40);
    }
    expect(frames(stdout)[0]).toMatch(/\d+ more lines/);
  });

  it("says that one line is missing as one", async () => {
    const footOf = async (rows: number): Promise<string> =>
      frames((await watch([{ view: rolloutView() }, { view: completed }], { ...terminal, rows })).stdout)[0] ?? "";
    const hidden = Number(/(\d+) more lines/.exec(await footOf(8))?.[1]);
    expect(await footOf(8 + hidden - 1)).toMatch(/\b1 more line on/);
  });

  it("draws anew when the size changes", async () => {
    const attend = ({ onResize }: Attention): (() => void) => {
      onResize();
      return () => undefined;
    };
    const { stdout } = await watch([{ view: completed }], { ...terminal, attend });
    expect(frames(stdout)[0]).toContain("loading");
  });

  it("shows what happened lately under the tree", async () => {
    const happened = { view: rolloutView(), events: [started, fired] };
    const { stdout } = await watch(
      [...Array.from({ length: 5 }, () => happened), { view: completed, events: [started, fired] }],
      {
        ...terminal,
        rows: 60,
      },
    );
    expect(frames(stdout).at(-1)).toMatch(/LATELY \(UTC\)\n {2}11:59:00 {2}quarter opened at 25 %/);
  });

  it("prints lines on a terminal that can't be drawn on", async () => {
    const { stdout } = await watch([{ view: completed, events: [started] }], {
      terminal: 100,
      env: { TERM: "dumb", XDG_CONFIG_HOME: "/nonexistent" },
    });
    expect(stdout).toBe("2026-01-05 11:59:00  running  25 %  quarter  quarter opened at 25 %\n");
  });
});
