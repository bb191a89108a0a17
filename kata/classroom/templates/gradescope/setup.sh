#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder: an environment with torch for the CPU.
set -euo pipefail
source=${AUTOGRADER:-/autograder}/source
python=${PYTHON:-python3}

"$python" -c "import ensurepip, venv" 2>/dev/null || {
    apt-get update -qq
    apt-get install -y -qq python3 python3-venv
}
"$python" -m venv "$source/environment"
pip() { "$source/environment/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check "$@"; }

cd "$source/transformer-kata"
grep "^torch[=><]" requirements.txt > torch.txt
pip -r torch.txt --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"
pip -r requirements.txt
"$source/environment/bin/python" -m compileall -q kata tests solutions
chmod -R a+rX "$source"  # submissions are graded by a user who may change nothing here
