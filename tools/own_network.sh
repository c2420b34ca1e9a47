#!/bin/sh
# Runs a command in a network of its own, which has a loopback and nothing else; where the system does not allow that, as it is.
# Usage: tools/own_network.sh command …
# Chromium gives up what it has asked for (ERR_NETWORK_CHANGED) when an interface comes or goes, as one of the Engine does with each container.
set -eu
as_root=$([ "$(id -u)" = 0 ] || echo --map-root-user)
# shellcheck disable=SC2086 # no option is none
if unshare $as_root --net ip link set lo up 2>/dev/null; then
    exec unshare $as_root --net sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "A network of its own is not to be had here (unshare --net): the tests in Chromium may meet ERR_NETWORK_CHANGED."
exec "$@"
