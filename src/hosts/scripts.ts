// The shell that runs on droplets: fixed texts for `sh -c`; data comes as positional parameters only.

/**
 * Runs "$@" under the project's lock and a time limit, unless a later controller, or a later command of this one,
 * has written here. The lock is inherited by the command, so that it lasts as long as the command does.
 * 75: fenced off. 76: no lock in time. 73: cannot write. 124, 137: time limit.
 */
export const guardScript = `
set -u
umask 077
directory=$1 app=$2 project=$3 epoch=$4 turn=$5 limit=$6 grace=$7
shift 7
refuse() { code=$1; shift; printf 'bgctl-guard: %s\\n' "$*" >&2; exit "$code"; }
uptime() { IFS=' .' read -r seconds hundredths rest </proc/uptime; now=$((seconds * 100 + 1$hundredths - 100)); }
uptime
begun=$now
mkdir -p -- "$directory" && touch -- "$directory/$app.epoch" "$directory/$project.lock" ||
  refuse 73 "cannot write to $directory"
exec 8<>"$directory/$app.epoch" 9<>"$directory/$project.lock"
flock -w "$limit" 9 && flock -w "$limit" 8 || refuse 76 "another command holds the lock of $project"
highest=0 seen=0 last=0
read -r highest <"$directory/$app.epoch"
read -r seen last <"$directory/$project.lock"
: "\${highest:=0}" "\${seen:=0}" "\${last:=0}"
case $highest$seen$last in *[!0-9]*) refuse 73 "$directory holds something else than numbers" ;; esac
[ "$highest" -ge "$seen" ] || highest=$seen
[ "$epoch" -ge "$highest" ] || refuse 75 "epoch $highest"
[ "$epoch" -gt "$seen" ] || [ "$turn" -gt "$last" ] || refuse 75 "turn $last"
[ "$epoch" -eq "$highest" ] || printf '%s\\n' "$epoch" >"$directory/$app.epoch" || refuse 73 "cannot write to $directory"
printf '%s %s\\n' "$epoch" "$turn" >"$directory/$project.lock" || refuse 73 "cannot write to $directory"
exec 8>&-
uptime
left=$((limit * 100 - now + begun))
[ "$left" -ge 10 ] || refuse 76 "another command held the lock of $project too long"
exec timeout -k "$grace" "$((left / 100)).$((left / 10 % 10))" "$@"
`;

/** $1 directory, $2 sha256 of stdin. A text that was cut short never takes the place of the last whole one. */
export const uploadScript = `
set -eu
umask 077
mkdir -p -- "$1"
cat >"$1/compose.yml.new"
sum=$(sha256sum <"$1/compose.yml.new")
[ "\${sum%% *}" = "$2" ] || { echo 'the compose file arrived incomplete' >&2; exit 74; }
mv -- "$1/compose.yml.new" "$1/compose.yml"
`;

/**
 * $1 release directory, $2 project, $3 grace in seconds, $4 app, $5 its switched services; the rest is compose's `down`.
 * What Compose cannot remove (its file is gone, an env file is missing) goes by its labels. Without that file the
 * project may be somebody's own that was adopted: what else runs in it, such as a database, stays with its network.
 */
export const removeScript = `
directory=$1 project=$2 grace=$3 app=$4 switched=$5
shift 5
label="label=com.docker.compose.project=$project"
list() { docker ps --all --quiet --no-trunc --filter "$label" "$@"; }
if [ -f "$directory/compose.yml" ]; then
  "$@"
  containers=$(list) || exit 1
else
  containers=$(list --filter "label=bgctl.app=$app") || exit 1
  for service in $switched; do
    more=$(list --filter "label=com.docker.compose.service=$service") || exit 1
    containers="$containers $more"
  done
  containers=$(printf '%s\\n' $containers | sort -u)
fi
if [ -n "$containers" ]; then
  docker stop -t "$grace" $containers >/dev/null
  docker rm --force $containers >/dev/null || exit 1
fi
others=$(list) || exit 1
if [ -z "$others" ]; then
  networks=$(docker network ls --quiet --no-trunc --filter "$label") || exit 1
  [ -z "$networks" ] || docker network rm $networks >/dev/null || exit 1
fi
rm -rf -- "$directory"
`;

/**
 * $1 signal, the rest pairs of a container's id and the process that it was just seen to be. Not `docker kill`: from
 * then on Docker takes the container for stopped by hand and does not restart it when it crashes. Only where this user
 * may not signal the process. Docker's own program is asked again only where the process is not the container's (any
 * more): starting it takes a droplet that serves tens of milliseconds of CPU.
 */
export const signalScript = `
signal=$1
shift
while [ $# -ge 2 ]; do
  container=$1 pid=$2
  shift 2
  if ! grep -qs -- "$container" "/proc/$pid/cgroup"; then
    pid=$(docker inspect --format '{{.State.Pid}}' "$container") || exit 1
    [ "$pid" -gt 0 ] || { echo "$container does not run" >&2; exit 1; }
  fi
  kill -s "\${signal#SIG}" "$pid" 2>/dev/null || docker kill --signal "$signal" "$container" >/dev/null || exit 1
done
`;

/**
 * $1 process, $2 and $3 filters for ss inside its network and on the droplet; without $3 what is around the container
 * is left out. Prints sections that begin with a line of `==` and a name; without the last, `end`, the text is not whole.
 */
export const connectionsScript = `
if [ -n "$3" ]; then
  echo '== own'
  ip -o addr show 2>/dev/null || hostname -I
fi
echo '== inside'
if nsenter -t "$1" -n ss -tinHO state established "$2" 2>/dev/null; then
  [ -z "$3" ] || echo '== outside'
  [ -z "$3" ] || ss -tnpHO state established "$3"
elif [ -r "/proc/$1/net/tcp" ]; then
  echo '== table'
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null
else
  echo "the connections of process $1 cannot be read" >&2
  exit 1
fi
echo '== end'
`;

/** $1 the compose directory. Prints `name=value` lines, `end` the last of them; what is not known is left empty. */
export const factsScript = `
if version=$(docker version --format '{{.Server.Version}}' 2>&1); then
  echo "docker=$version"
else
  echo "dockerTrouble=$(printf '%s' "$version" | tail -n 1)"
fi
echo "compose=$(docker compose version --short 2>/dev/null)"
missing=
for program in docker flock timeout sha256sum ss nsenter ip awk; do
  command -v "$program" >/dev/null || missing="$missing $program"
done
echo "missing=$missing"
[ "$(id -u)" = 0 ] || echo "notRoot=$(id -un)"
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)
[ -z "$root" ] || echo "diskKib=$(df -Pk -- "$root" 2>/dev/null | awk 'NR == 2 { print $4 }')"
echo "kernel=$(uname -r)"
synchronised=$(timeout 5 timedatectl show --property=NTPSynchronized --value 2>/dev/null)
case $synchronised in
  yes | no) ;;
  *)
    synchronised=
    [ ! -e /run/systemd/timesync/synchronized ] || synchronised=yes
    case $(LC_ALL=C timeout 5 chronyc -n tracking 2>/dev/null) in
      *': Normal'*) synchronised=yes ;;
      *': Not synchronised'*) synchronised=no ;;
    esac ;;
esac
echo "synchronised=$synchronised"
echo "memoryKib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)"
there=$1
while [ ! -e "$there" ]; do there=$(dirname -- "$there"); done
[ -d "$there" ] && [ -w "$there" ] || echo "directoryTrouble=$there cannot be written by $(id -un)"
echo 'end='
exit 0
`;

/** The droplet's own time, in seconds since the epoch; without the part behind the point where date knows none. */
export const timeScript = 'date +%s.%N';

/** The paths; a line each. */
export const envFilesScript = `
for path; do
  if [ -f "$path" ]; then
    sum=$(sha256sum 2>/dev/null <"$path")
    echo "$(stat -c '%a %U' -- "$path") \${sum%% *}"
  else
    echo
  fi
done
`;

/** A header that authorizes by stdin. Prints `status` and GitHub's word for what the token may do, `scopes`, where it gives it; then `end`. */
export const githubScopesScript = `
curl -q --silent --head --max-time 10 --proto '=https' --header @- https://api.github.com/rate_limit 2>/dev/null |
  LC_ALL=C awk '
    { sub(/\\r$/, "") }
    /^HTTP\\// { status = $2 }
    tolower($1) == "x-oauth-scopes:" { known = 1; $1 = ""; scopes = $0 }
    END { print "status " status; if (known) print "scopes" scopes; print "end" }'
`;

export const configScript = `cat "\${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null || :`;
