import { expect, it } from "vitest";
import { signContext } from "./sign-context.ts";

it("signs a context's key and the signature's end, as anybody can with openssl", () => {
  // printf '1767225600000:ann' | openssl dgst -sha256 -hmac secret
  expect(signContext("secret", "ann", 1_767_225_600_000)).toEqual({
    expires: 1_767_225_600_000,
    hash: "2e807b8fc37ae5db1d633ba3671c03d05be57b437cddac093df0b7176dd2e71f",
  });
});
