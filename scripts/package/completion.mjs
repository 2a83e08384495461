/** The bash completion of the commands, options, their choices, file names and device profiles: for bash 4 and later, by itself. */
export function makeCompletion(commands, profiles) {
  return `# bash completion for fieldseal. Made from its command line: do not edit.

_fieldseal() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at=fieldseal i word
  local commands options values arguments
  COMPREPLY=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    _fieldseal_at "$at"
    [ "$i" -lt "$COMP_CWORD" ] || break
    word=\${COMP_WORDS[i]}
    if [[ " $values " == *" $word "* ]]; then
      i=$((i + 1))
    elif [[ " $commands " == *" $word "* ]]; then
      at="$at $word"
    fi
  done
  if [[ " $values " == *" $prev "* ]]; then
    _fieldseal_value "$at $prev"
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [ -n "$commands" ]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  else
    _fieldseal_of "$arguments"
  fi
}

# Sets what may follow the words so far: values are the options that a value follows.
_fieldseal_at() {
  commands='' options='' values='' arguments=''
  case $1 in
${commands.map(caseOf).join('\n')}
  esac
}

# Completes the value of an option, e.g. "fieldseal key create --algorithm".
_fieldseal_value() {
  case $1 in
${commands.flatMap(valueCases).join('\n')}
  esac
}

# Completes a file, a folder, a device profile, or one of some words.
_fieldseal_of() {
  case $1 in
    file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
    folder) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")) ;;
    profile) COMPREPLY=($(compgen -W '${profiles.join(' ')}' -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$1" -- "$cur")) ;;
  esac
}

complete -F _fieldseal fieldseal
`;
}

function caseOf({ words, children, options, arguments: args }) {
  const names = options.flatMap((option) => option.names.slice(-1));
  const valued = options.filter(({ value }) => value !== undefined).flatMap((option) => option.names);
  const set = Object.entries({
    commands: children.join(' '),
    options: names.join(' '),
    values: valued.join(' '),
    arguments: words.at(-1) === 'help' ? '' : sortOf(args[0]),
  });
  const assignments = set.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${quote(value)}`);
  return `    ${quote(words.join(' '))}) ${assignments.join(' ')} ;;`;
}

const valueCases = ({ words, options }) =>
  options
    .filter(({ value }) => value !== undefined)
    .map((option) => [option, sortOf({ name: option.value, choices: option.choices })])
    .filter(([, sort]) => sort !== '')
    .map(
      ([{ names }, sort]) =>
        `    ${names.map((name) => quote(`${words.join(' ')} ${name}`)).join(' | ')}) _fieldseal_of ${quote(sort)} ;;`,
    );

/** What an argument or a value is, by the name that the help gives it. */
function sortOf(argument) {
  if (argument === undefined) return '';
  const { name, choices } = argument;
  if (choices !== undefined) return choices.join(' ');
  if (name === 'file' || name === 'path' || name === 'port') return 'file';
  if (name === 'dir' || name === 'folder') return 'folder';
  return name === 'id' || name === 'what' ? 'profile' : '';
}

const quote = (text) => `'${text}'`;
