#!/usr/bin/env bash
# From a bare Debian machine to a running saga.
#
#   ./quickstart.sh         install what is missing, build, run the demo
#   ./quickstart.sh test    the same, then every test of the quick set
#   ./quickstart.sh build   only install and build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    libsqlite3-dev libcurl4-openssl-dev libjansson-dev libmicrohttpd-dev libgnutls28-dev libsodium-dev openssl
    check python3 python3-pytest python3-hypothesis python3-jsonschema jq spin faketime
)
# What only some tests need: libFuzzer.
test_packages=(clang libclang-rt-dev)
log=""

say() {
    printf '%s\n' "$*"
}

fail() {
    if [[ -n $log && -s $log ]]; then
        tail -n 30 "$log" >&2
    fi
    printf 'quickstart: %s\n' "$*" >&2
    exit 1
}

finish() {
    if [[ -n $log ]]; then
        rm -f "$log"
    fi
}
trap finish EXIT

missing_packages() {
    local name
    for name in "${packages[@]}"; do
        if [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) != installed ]]; then
            printf '%s\n' "$name"
        fi
    done
}

# apt-get as root: directly, or with sudo.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

apt_install() {
    as_root apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "this is not Debian (there is no apt-get); install what corresponds to" \
            "'${packages[*]}', then run: cmake --preset dev && cmake --build --preset dev"
    fi
    mapfile -t missing < <(missing_packages)
    if [[ ${#missing[@]} -eq 0 ]]; then
        return
    fi
    if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
        fail "these packages are missing: ${missing[*]}; run this script as root, or install sudo"
    fi
    say "Installing ${missing[*]}"
    log=$(mktemp)
    # The package lists are fetched only when the ones at hand will not do.
    if ! apt_install "${missing[@]}" >"$log" 2>&1; then
        as_root apt-get update -q >"$log" 2>&1 ||
            fail "apt-get update failed: is there a network, and may this user use sudo?"
        apt_install "${missing[@]}" >"$log" 2>&1 ||
            fail "apt-get could not install ${missing[*]}: is there a network? Its last lines are above"
    fi
}

build() {
    if [[ ! -f build/build.ninja ]]; then
        say "Configuring build/"
        log=$(mktemp)
        cmake --preset dev ${CC:+"-DCMAKE_C_COMPILER=$CC"} >"$log" 2>&1 ||
            fail "cmake could not configure build/; its last lines are above" \
                "(an older build/ from elsewhere? remove it and try again)"
    fi
    say "Building"
    cmake --build build || fail "the build failed; the compiler's words are above"
}

case "${1-demo}" in
demo)
    install_packages
    build
    exec build/bin/sagad demo
    ;;
build)
    install_packages
    build
    ;;
test)
    packages+=("${test_packages[@]}")
    install_packages
    build
    exec ctest --test-dir build --output-on-failure -j2
    ;;
*)
    fail "unknown word '$1'; the words are: demo (or nothing), build, test"
    ;;
esac
