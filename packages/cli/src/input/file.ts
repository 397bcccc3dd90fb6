import { readFile, stat } from "node:fs/promises";
import { CliError, usageError } from "../errors.ts";
import type { Io } from "../io.ts";

/** The text of a file, or of stdin for `-`. A file of more than `bytesMax` is refused before it is read. */
export async function readText(io: Io, path: string, bytesMax = Infinity): Promise<string> {
  if (path === "-") {
    if (io.stdin.isTerminal)
      throw usageError("nothing is piped in on stdin", "give a file's name, or pipe the text: … < file");
    return io.stdin.read();
  }
  try {
    const { size } = await stat(path);
    if (size > bytesMax) throw usageError(`${path} has ${size} bytes`, `at most ${bytesMax} are read`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code ?? error);
    throw new CliError({ code: "FILE_UNREADABLE", message: `can't read ${path}: ${why}`, exitCode: 2, cause: error });
  }
}
