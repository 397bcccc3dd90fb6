import { Argument } from "commander";
import type { Define } from "../group.ts";
import { SCRIPTS, SHELLS, type Shell } from "./scripts.ts";

const INSTALL = `
Install:
  bash   rampart completion bash > ~/.local/share/bash-completion/completions/rampart
  zsh    rampart completion zsh > "\${fpath[1]}/_rampart"
  fish   rampart completion fish > ~/.config/fish/completions/rampart.fish
`;

/** `rampart completion SHELL` */
export const define: Define = (command, bind) => {
  command
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .description("Print the completion script for a shell. It completes commands, options and the keys of your flags.")
    .addHelpText("after", INSTALL)
    .action(
      bind<readonly [shell: Shell]>(async (run, [shell]) => {
        run.io.stdout.write(SCRIPTS[shell]);
      }),
    );
};
