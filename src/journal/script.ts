// What runs on the droplet for a journal kept there: one POSIX shell script, always the same, with words for arguments.

/** How long the far side waits for another writer; then it ends with `busyCode`. */
const lockLimitSeconds = 10;
export const busyCode = 75;
/** There is no flock there, or not one that can wait. */
export const noLockCode = 69;

/** After a text of any length: without it, the end of the answer was lost on the way. */
export const endMark = '== end';

/** `cksum` of no bytes: the token of a journal that does not exist yet. */
export const emptyToken = '4294967295 0';

/**
 * `sh -c SCRIPT bgctl ORDER DIRECTORY APP …`; needs flock (util-linux) and coreutils. What is written comes
 * on stdin and is used only when all of it arrived: a connection may break within. The token of the
 * journal is `cksum` of the file, its size included, and is compared under the lock.
 *
 * | order  | more arguments                        | first line of the answer                                |
 * |--------|---------------------------------------|---------------------------------------------------------|
 * | read   | byte to begin with (from 1)           | token; then the lease or `-`; then the file's bytes, and the end mark |
 * | append | token, good bytes, lease start, bytes | `appended TOKEN`, `moved`, `lease-lost`, `cut`, `undone`, `unsure` |
 * | swap   | lease as it was or `-`, bytes         | `swapped`, `moved`, `cut`                               |
 * | store  | folder, name, bytes                   | `stored`, `cut`                                         |
 * | load   | folder, name                          | `found`, then the text; or `missing`                    |
 */
export const script = `
set -u
umask 077
order=$1 dir=$2 app=$3
log=$dir/$app.jsonl lease=$dir/$app.lease.json new=$dir/$app.$$.new
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM

answer() { printf '%s\\n' "$1"; exit 0; }

lock() {
  exec 9>>"$dir/$app.lock" || exit 1
  flock -w ${lockLimitSeconds} 9
  case $? in 0) ;; 1) exit ${busyCode} ;; *) exit ${noLockCode} ;; esac
}

token() { if [ -f "$log" ]; then cksum <"$log"; else echo '${emptyToken}'; fi; }

leased() { if [ -f "$lease" ]; then cat "$lease"; else echo -; fi; }

make() {
  [ -d "$1" ] || { mkdir -p "$1" && sync "$(dirname "$1")"; } || exit 1
}

receive() {
  make "$dir"
  cat >"$new" || exit 1
  [ "$(wc -c <"$new")" -eq "$1" ] || answer cut
}

settle() { sync "$new" && mv "$new" "$1" && sync "$(dirname "$1")" || exit 1; }

case $order in
read)
  [ -d "$dir" ] || { echo '${emptyToken}'; echo -; printf '%s' '${endMark}'; exit 0; }
  lock
  token
  leased
  [ ! -f "$log" ] || tail -c "+$4" "$log" || exit 1
  printf '%s' '${endMark}'
  ;;
append)
  receive "$7"
  lock
  case $(leased) in "$6"*) ;; *) answer lease-lost ;; esac
  [ "$(token)" = "$4" ] || answer moved
  fresh=no
  [ -f "$log" ] || fresh=yes
  [ "$fresh" = yes ] || [ "$(wc -c <"$log")" -eq "$5" ] || truncate -s "$5" "$log" || exit 1
  if cat "$new" >>"$log" && sync "$log"; then
    [ "$fresh" = no ] || sync "$dir" || exit 1
    answer "appended $(token)"
  fi
  truncate -s "$5" "$log" && sync "$log" && answer undone
  answer unsure
  ;;
swap)
  receive "$5"
  lock
  [ "$(leased)" = "$4" ] || answer moved
  settle "$lease"
  answer swapped
  ;;
store)
  receive "$6"
  make "$dir/$4"
  settle "$dir/$4/$5"
  answer stored
  ;;
load)
  [ -f "$dir/$4/$5" ] || answer missing
  echo found
  cat "$dir/$4/$5"
  ;;
*)
  exit 64
  ;;
esac
`;
