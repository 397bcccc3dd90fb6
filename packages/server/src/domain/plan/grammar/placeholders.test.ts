import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillPlaceholders, parseTemplate, PLACEHOLDERS, type TemplateValues } from "./placeholders.ts";

const NAMES = Object.keys(PLACEHOLDERS);

describe("a template", () => {
  it("may name everything that a message knows, with spaces or without", () => {
    for (const name of NAMES) expect(parseTemplate(`a {{${name}}} b {{ ${name} }}`).ok).toBe(true);
  });

  it.each([
    ["{{flga}}", "there is no placeholder {{flga}}", "did you mean {{flag}}?"],
    ["{{constructor}}", "there is no placeholder {{constructor}}", "there are: flag, environment"],
    ["{{}}", "there is no placeholder {{}}", "there are: flag"],
    ["{{flag", "a placeholder has no closing braces", "write {{flag}}"],
    ["{{flag}", "a placeholder has no closing braces", "write {{flag}}"],
    ["{{1 + 1}}", "there is no placeholder {{1 + 1}}", "there are: flag"],
  ])("%s is refused, with what to do", (text, message, hint) => {
    const parsed = parseTemplate(text);
    expect(parsed).toMatchObject({ ok: false, message });
    expect(!parsed.ok && parsed.hint).toContain(hint);
  });

  it("is filled in, with a dash for what there is nothing to say about", () => {
    expect(fillPlaceholders("{{flag}} at {{ value }} of {{threshold}}", { flag: "checkout", value: "6.2%" })).toBe(
      "checkout at 6.2% of -",
    );
  });

  it("is filled in once: what a value holds is never looked at again, and what was no template stays as it is", () => {
    const values = fc.record(
      Object.fromEntries(NAMES.map((name) => [name, fc.string()])),
    ) as fc.Arbitrary<TemplateValues>;
    fc.assert(
      fc.property(fc.string(), fc.string(), values, (before, after, some) => {
        fc.pre(![before, after].some((text) => /[{}]/.test(text)));
        const value = "{{flag}} {{value}} $& $1";
        expect(fillPlaceholders(`${before}{{reason}}${after}`, { ...some, reason: value })).toBe(
          before + value + after,
        );
      }),
    );
  });

  it("that was let in leaves no brace of its own behind", () => {
    const piece = fc.oneof(fc.constantFrom(...NAMES.map((name) => `{{${name}}}`)), fc.string(), fc.constant("{{"));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        fc.pre(parseTemplate(text).ok);
        expect(fillPlaceholders(text, {})).not.toContain("{{");
      }),
    );
  });
});
