#!/bin/sh
# Starts the proxy from this folder, installing and building first what is missing or has changed since.
set -eu
cd "$(dirname "$0")"
node bin/build/check-node.cjs
program=dist/bin/droid2api.js
# also what builds, which npm leaves out where NODE_ENV is production
install() { npm ci --include=dev; }
[ -n "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ] || install
if [ ! -f $program ] || [ -n "$(find bin lib pipelines -type f -newer $program)" ]; then
  [ -e node_modules/tsx ] && [ -e node_modules/esbuild ] || install
fi
node -e "require('./bin/build/make.cjs')"
# as in deploy/droid2api.service
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-33554432}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-16777216}"
exec node $program "$@"
