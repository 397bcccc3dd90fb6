import { Option } from "commander";

export interface DataDirOptions {
  readonly dataDir: string;
}

/** The folder of a server on this machine. */
export function dataDirOption(): Option {
  return new Option("--data-dir <folder>", "the server's data folder").env("RAMPART_DATA_DIR").default(".rampart");
}
