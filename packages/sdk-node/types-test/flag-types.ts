/** A program that declares its flags. Compiled by a test, never run. */
import { createClient } from "@rampart/sdk-node";

declare module "@rampart/sdk-node" {
  interface FlagTypes {
    sliceB_documents: boolean;
    "page-size": number;
    theme: string;
  }
}

const sdk = createClient({ url: "http://localhost:4001", sdkKey: "dev" });
export const isOn: boolean = sdk.isEnabled("sliceB_documents", "u");
export const size: number = sdk.variation("page-size", "u", 20);
/** The default is one of the values that there may be, and not the only one. */
export const isLoud: boolean =
  sdk.variation("theme", "u", "none") === "loud" && sdk.evaluate("theme", "u", "none").value === "loud";
// @ts-expect-error -- no such flag
sdk.isEnabled("sliceB_document", "u");
// @ts-expect-error -- a user is an id or an object
sdk.isEnabled("sliceB_documents", 5);
