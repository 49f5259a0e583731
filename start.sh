#!/bin/sh
# Starts the proxy from this folder, installing and building first what is missing or has changed since.
set -eu
cd "$(dirname "$0")"
program=dist/bin/droid2api.js
[ -n "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ] || npm ci
[ -f $program ] && [ -z "$(find .build bin lib pipelines -newer $program)" ] || npm run --silent build
exec node $program "$@"
