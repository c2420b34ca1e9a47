#!/bin/sh
# Makes .venv and installs a requirements file into it, once: a stamp says what was installed, for which Python, where.
# Usage: tools/venv.sh requirements.txt | requirements-dev.txt
set -eu
cd "$(dirname "$0")/.."
requirements=$1
python=${PYTHON:-python3}

fail() {
    echo "$1" >&2
    exit 1
}

# A virtual environment works only where it was made, with the Python that made it.
place() {
    echo "$PWD $("$python" --version)"
}

# The development file contains the other one by reference, so its stamp covers both.
stamp() {
    if [ "$1" = requirements.txt ]; then cksum <requirements.txt; else cat requirements.txt "$1" | cksum; fi
}

in_place() {
    .venv/bin/python -c "import pip" 2>/dev/null && [ "$(cat .venv/place 2>/dev/null)" = "$(place)" ]
}

installed() {
    [ "$(cat ".venv/$requirements.stamp" 2>/dev/null)" = "$(stamp "$requirements")" ]
}

check_python() {
    command -v "$python" >/dev/null || fail "There is no $python. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version) is too old. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ ! -f /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
        fail "$python cannot make virtual environments. Install what is missing (Debian, Ubuntu: sudo apt-get install python3-venv)."
    fi
    echo "Python's venv is missing: installing python3-venv with apt-get."
    export DEBIAN_FRONTEND=noninteractive
    for step in update "install -y --no-install-recommends python3-venv"; do
        # shellcheck disable=SC2086 # the step is a command and its options
        output=$(apt-get -q -o DPkg::Lock::Timeout=300 $step 2>&1 </dev/null) ||
            fail "$output
apt-get $step failed (its words are above): mend that, then try again."
    done
}

# Two makes at once wait for each other.
if command -v flock >/dev/null; then
    exec 9<requirements.txt
    flock 9
fi
if ! in_place; then
    check_python
    echo "Making .venv."
    rm -rf .venv
    "$python" -m venv .venv || fail "Could not make .venv in $PWD: see above."
    place >.venv/place
fi
installed && exit 0

echo "Installing $requirements into .venv."
rm -f .venv/*.stamp
.venv/bin/python -m pip install --quiet --quiet --no-input --disable-pip-version-check --requirement "$requirements" ||
    fail "Could not install $requirements: see above. Does the package index answer?"
stamp "$requirements" >".venv/$requirements.stamp"
if [ "$requirements" != requirements.txt ]; then stamp requirements.txt >.venv/requirements.txt.stamp; fi
