#!/bin/sh
# Starts the proxy from this folder, installing and building first where that has not been done.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci
[ -f dist/bin/droid2api.js ] || npm run --silent build
exec node dist/bin/droid2api.js "$@"
