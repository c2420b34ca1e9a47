#!/bin/sh
# Runs a program that gets SIGTERM when the process that started it dies, however it dies: nothing is left behind by a
# SIGKILL of make, of the process manager or of the demo. Where setpriv cannot do it (other systems), it just runs it.
if setpriv --pdeathsig TERM true 2>/dev/null; then
    exec setpriv --pdeathsig TERM -- "$@"
fi
exec "$@"
