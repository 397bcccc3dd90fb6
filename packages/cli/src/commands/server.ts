import { describeSettings, runServer } from "@rampart/server";
import type { ExitCode } from "../exit.ts";
import type { Define } from "./group.ts";

const FIRST_START = `
The first start on a fresh data folder makes an admin token and an SDK key of each kind, prints them once, and keeps
them in first-tokens.json in that folder. Then: rampart login --token TOKEN
`;

type Settings = { readonly [name: string]: string | true };

/** `rampart server`: the settings are the server's own, and so are the checks of their values, which tell all that is wrong at once. */
export const define: Define = (command, bind) => {
  command
    .description("Run a server until a signal ends it. Each setting can be given by its variable instead.")
    .addHelpText("after", FIRST_START);
  for (const { flag, variable, fallback, help } of describeSettings()) {
    const isSwitch = fallback === "false";
    const about = [`or ${variable}`, ...(isSwitch || fallback === "" ? [] : [`default: ${fallback}`])].join("; ");
    command.option(isSwitch ? flag : `${flag} <${flag.split("-").at(-1)}>`, `${help} (${about})`);
  }
  command.action(
    bind<readonly [], Settings>(async () => {
      const given = command.options.flatMap((option) => {
        const value = command.getOptionValue(option.attributeName()) as string | true | undefined;
        return value === undefined ? [] : [value === true ? `${option.long}` : `${option.long}=${value}`];
      });
      return (await runServer(given)) as ExitCode;
    }),
  );
};
