#!/bin/sh
# The demo on a fresh machine: its own dependencies and build first, then compose/lab/demo.ts.
set -eu
cd "$(dirname "$0")/../.."
if [ ! -x node_modules/.bin/node ]; then
  echo "Installing dependencies (once)." >&2
  npm install --no-audit --no-fund --loglevel=error >&2
fi
npm run -s build >&2
exec node_modules/.bin/node compose/lab/demo.ts "$@"
