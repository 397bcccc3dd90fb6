import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { createClient } from "./client.ts";
import { RampartProvider, useFlag, useFlagDetails, useRampart } from "./react.tsx";
import { createTestClient } from "./test-client.ts";
import { FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";

let page: FakePage;
beforeEach(() => {
  page = new FakePage();
});
afterEach(() => page.dispose());

function Checkout(): string {
  return useFlag(FLAG, false) ? "new" : "old";
}

function Reason(): string {
  const { reason, errorCode } = useFlagDetails(FLAG, false);
  return `${reason} ${errorCode ?? ""} ${useRampart().status().state}`;
}

describe("rendered on a server", () => {
  it("a flag has the value that the page brings along, and nothing is asked", () => {
    const client = createClient({
      url: "https://flags.example",
      clientKey: "key",
      context: "user-1",
      bootstrap: valuesOf(1, { [FLAG]: flagOf(true) }),
    });
    const html = renderToString(
      <RampartProvider client={client}>
        <Checkout /> <Reason />
      </RampartProvider>,
    );
    expect(html).toContain("new");
    expect(html).toContain("SPLIT  idle");
    expect(page.calls).toEqual([]);
  });

  it("a flag without a value has the component's default", () => {
    const html = renderToString(
      <RampartProvider client={createTestClient()}>
        <Checkout /> <Reason />
      </RampartProvider>,
    );
    expect(html).toContain("old");
    expect(html).toContain("ERROR FLAG_NOT_FOUND");
  });

  it("says what is missing where there is no provider", () => {
    expect(() => renderToString(<Checkout />)).toThrow("put a RampartProvider around this component");
  });
});

it("takes a default for one of the values that there may be, and not for the only one", () => {
  const Theme = () => useFlag("theme", "plain");
  const Shown = () => useFlagDetails("theme", { size: 1 }).value.size;
  expectTypeOf(Theme).returns.toEqualTypeOf<string>();
  expectTypeOf(Shown).returns.toEqualTypeOf<number>();
});
