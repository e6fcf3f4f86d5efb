// The shell that judges env files on droplets: values are read there and never printed, only keys and verdicts.

/**
 * $1 keys that are asked for, $2 keys whose values are not judged, both with a space between two; the rest are paths.
 * Of each path a line `missing`, `no-file` or `file MODE OWNER readable|unreadable`; under a readable one `there KEY` or
 * `empty KEY` of keys that are asked for, `debug|placeholder|sample|plain|any KEY` of keys whose value is wrong, and `unclosed`
 * where a quote never ends. `end` is the last line. As Compose reads them: `export`, quotes over several lines, ` #`
 * comments, and the last of two lines for one key. Keys only: a line of a key file that looks like one is told of only
 * if it was asked for, or is wrong as well.
 */
export const envJudgeScript = String.raw`
wanted=$1 any=$2
shift 2
for path; do
  if [ ! -f "$path" ]; then
    if [ -e "$path" ]; then echo no-file; else echo missing; fi
    continue
  fi
  can=readable
  [ -r "$path" ] || can=unreadable
  echo "file $(stat -Lc '%a %U' -- "$path") $can" || exit 1
  [ "$can" = readable ] || continue
  LC_ALL=C awk -v wanted=" $wanted " -v any=" $any " '
    function ending(text, mark,   at, one) {
      for (at = 1; at <= length(text); at++) {
        one = substr(text, at, 1)
        if (one == "\\" && mark == "\"") at++
        else if (one == mark) return at
      }
      return 0
    }
    function judge(key, value,   state, name, low) {
      state = value == "" ? "empty" : "there"
      if (index(wanted, " " key " ")) print state " " key
      if (index(any, " " key " ")) return
      name = toupper(key)
      low = tolower(value)
      if (name ~ /DEBUG/ && low ~ /^(1|true|yes|on|y|t|enabled?)$/) print "debug " key
      if (low ~ /(change|replace)[-_ ]?(me|this)/ ||
          low ~ /(^|[^a-z0-9])(xxx+|todo|tbd|fixme|placeholder|dummy)([^a-z0-9]|$)/ ||
          low ~ /^<[^>]*>$/) print "placeholder " key
      else if (low ~ /(^|[^a-z0-9])example([^a-z0-9]|$)/) print "sample " key
      if (name !~ /CORS|PUBLIC.*URL|_ORIGIN/) return
      if (low ~ /(http|ws):\/\//) print "plain " key
      else if (low == "*" || low ~ /["\047]\*["\047]/) print "any " key
    }
    { sub(/\r$/, "") }
    quote != "" {
      at = ending($0, quote)
      value = value "\n" (at ? substr($0, 1, at - 1) : $0)
      if (at) { values[key] = value; quote = "" }
      next
    }
    {
      sub(/^[ \t]*(export[ \t]+)?/, "")
      if (!match($0, /^[A-Za-z_][A-Za-z0-9_]*[ \t]*[=:]/)) next
      key = substr($0, 1, RLENGTH - 1)
      sub(/[ \t]+$/, "", key)
      value = substr($0, RLENGTH + 1)
      sub(/^[ \t]+/, "", value)
      first = substr(value, 1, 1)
      if (first == "\"" || first == "\047") {
        value = substr(value, 2)
        at = ending(value, first)
        if (at) values[key] = substr(value, 1, at - 1)
        else quote = first
        next
      }
      sub(/[ \t]#.*$/, "", value)
      sub(/[ \t]+$/, "", value)
      values[key] = value
    }
    END {
      for (key in values) judge(key, values[key])
      if (quote != "") print "unclosed"
    }
  ' <"$path" || exit 1
done
echo end
`;

/**
 * The paths. Root takes those that are not its own, and nobody else may read them any more. A line for each path: empty,
 * `mended` with its mode and owner before, or `left`: what is reached by a link or has a second name may be somebody
 * else's too. It is done by the open file, so that nothing else can be put in its place meanwhile.
 */
export const envMendScript = `
export LC_ALL=C
file=/proc/self/fd/3
for path; do
  [ -f "$path" ] || { echo; continue; }
  exec 3<"$path" || exit 1
  named=$(stat -c '%d:%i:1' -- "$path") opened=$(stat -Lc '%d:%i:%h' $file) || exit 1
  before=$(stat -Lc '%a %U' $file) || exit 1
  case $before in
    *00' root') echo ;;
    *)
      if [ "$named" = "$opened" ]; then
        chown root $file && chmod 600 $file || exit 1
        echo "mended $before"
      else
        echo left
      fi ;;
  esac
  exec 3<&-
done
echo end
`;
