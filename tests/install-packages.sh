#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages named in a file, if any of them is missing.
set -eu

missing=
for package in $(grep -v '^#' "$1"); do
	dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok' ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "These packages are missing; install them as root:$missing" >&2
		exit 1
	}
	as_root=sudo
fi
echo "Installing:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
	--no-install-recommends $missing
