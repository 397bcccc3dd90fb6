import { readFile } from "node:fs/promises";
import { CliError, usageError } from "../errors.ts";
import type { Io } from "../io.ts";

/** The text of a file, or of stdin for `-`. */
export async function readText(io: Io, path: string): Promise<string> {
  if (path === "-") {
    if (io.stdin.isTerminal)
      throw usageError("nothing is piped in on stdin", "give a file's name, or pipe the text: … < file");
    return io.stdin.read();
  }
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code ?? error);
    throw new CliError({ code: "FILE_UNREADABLE", message: `can't read ${path}: ${why}`, exitCode: 2, cause: error });
  }
}
