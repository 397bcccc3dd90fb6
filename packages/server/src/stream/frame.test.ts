import { describe, expect, it } from "vitest";
import { encodeEvent } from "./frame.ts";

describe("a frame", () => {
  it("is an id, a name and one line of JSON, ended by an empty line", () => {
    const frame = encodeEvent({ id: "e1:7", event: "delta", json: '{"a":1}' });
    expect(frame.toString()).toBe('id: e1:7\nevent: delta\ndata: {"a":1}\n\n');
  });

  it("leaves the id out where there is none, so that the client keeps its last", () => {
    expect(encodeEvent({ event: "goodbye", json: "{}" }).toString()).toBe("event: goodbye\ndata: {}\n\n");
  });

  it.each(["a\nb", "a\rb", "a\0b"])(
    "refuses %j as an id or a name, which would let data pose as another event",
    (text) => {
      expect(() => encodeEvent({ id: text, event: "delta", json: "{}" })).toThrow("line breaks");
      expect(() => encodeEvent({ event: text, json: "{}" })).toThrow("line breaks");
    },
  );

  it("keeps line breaks inside JSON texts on the one data line", () => {
    const frame = encodeEvent({ event: "delta", json: JSON.stringify({ text: "a\nb\r\nc\u2028d" }) }).toString();
    expect(frame.match(/\n/g)).toHaveLength(3);
  });
});
