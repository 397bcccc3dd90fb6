/** A shell that completion is written for. */
export type Shell = "bash" | "zsh" | "fish";

/** All of them, as the command line offers them. */
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

const BASH = `# bash completion for rampart
_rampart() {
  local line
  COMPREPLY=()
  while IFS='' read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _rampart rampart
`;

const ZSH = `#compdef rampart
_rampart() {
  local line
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  if (( \${#candidates} )); then
    _describe 'rampart' candidates
  else
    _files
  fi
}
if [[ $funcstack[1] == _rampart ]]; then
  _rampart "$@"
else
  compdef _rampart rampart
fi
`;

const FISH = `# fish completion for rampart
function __rampart_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c rampart -f -a '(__rampart_complete)'
complete -c rampart -l file -r -F
`;

/** What each shell sources. All three ask the program itself, so that they never fall behind it. */
export const SCRIPTS: { readonly [shell in Shell]: string } = { bash: BASH, zsh: ZSH, fish: FISH };
