import type { ExitCode } from "../exit.ts";
import type { Define } from "./group.ts";

type Settings = { readonly [name: string]: string | true };

/** A setting of a program, as the program describes it. */
interface Described {
  readonly flag: string;
  readonly variable: string;
  readonly fallback: string;
  readonly help: string;
}

/** Gives a command the settings of a program that it runs. They are the program's own, and so are the checks of their values, which tell all that is wrong at once. */
export function runWithSettings(
  [command, bind]: Parameters<Define>,
  settings: readonly Described[],
  run: (args: readonly string[]) => Promise<number>,
): void {
  for (const { flag, variable, fallback, help } of settings) {
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
      return (await run(given)) as ExitCode;
    }),
  );
}
