import { describe, expect, it } from "vitest";
import type { Style } from "./style.ts";
import { fields, table } from "./table.ts";

const plain: Style = (_paint, text) => text;

describe("table", () => {
  const columns = [
    { title: "FLAG", shrinkTo: 6 },
    { title: "REVISION", align: "right" as const },
    { title: "ABOUT", shrinkTo: 4 },
  ];

  it("aligns columns by their drawn width and leaves no spaces at the end of a line", () => {
    const text = table(
      columns,
      [
        ["日本", "7", "x"],
        ["checkout", "1234", ""],
      ],
      { style: plain, columns: undefined },
    );
    expect(text).toBe(["FLAG      REVISION  ABOUT", "日本             7  x", "checkout      1234", ""].join("\n"));
  });

  it("shrinks the widest column first on a narrow terminal", () => {
    const text = table(columns, [["a-long-flag-key", "7", "an even longer description"]], {
      style: plain,
      columns: 36,
    });
    expect(text.split("\n")).toEqual(["FLAG          REVISION  ABOUT", "a-long-flag…         7  an even lon…", ""]);
  });

  it("leaves optional columns out, from the right, where cutting is not enough", () => {
    const four = [
      { title: "FLAG", shrinkTo: 4 },
      { title: "OWNER", optional: true },
      { title: "STATE" },
      { title: "TAGS", optional: true },
    ];
    const rows = [["checkout", "team-shop", "25 %", "q1"]];
    const titlesAt = (width: number) => table(four, rows, { style: plain, columns: width }).split("\n")[0]?.split(/ +/);
    expect(titlesAt(32)).toEqual(["FLAG", "OWNER", "STATE", "TAGS"]);
    expect(titlesAt(24)).toEqual(["FLAG", "OWNER", "STATE"]);
    expect(titlesAt(18)).toEqual(["FLAG", "STATE"]);
  });

  it("grows beyond the terminal rather than cut what must be read whole", () => {
    const text = table([{ title: "ID" }], [["0123456789"]], { style: plain, columns: 4 });
    expect(text).toContain("0123456789");
  });

  it("keeps a row on one line, whatever a cell holds", () => {
    const text = table([{ title: "A" }], [["x\ny"]], { style: plain, columns: undefined });
    expect(text).toBe("A\nx\\u000ay\n");
  });

  it("paints after it measured", () => {
    const text = table([{ title: "A" }, { title: "B" }], [[{ text: "on", paint: "green" }, "x"]], {
      style: (paint, cell) => (paint === "green" ? `<${cell}>` : cell),
      columns: undefined,
    });
    expect(text).toBe("A   B\n<on>  x\n");
  });
});

describe("fields", () => {
  it("puts values in one column and leaves out what has none", () => {
    expect(
      fields(
        [
          ["flag", "checkout"],
          ["owner", undefined],
          ["revision", "7"],
        ],
        plain,
      ),
    ).toBe("flag      checkout\nrevision  7\n");
  });
});
