#!/usr/bin/env bash
# Measures training on a GPU in under 8 minutes; needs Python with torch and numpy, and nothing else.
#   benchmarks/gpu.sh [--device cuda:0] [--size tiny|full] [--out FOLDER]
# Writes gpu.md and gpu.json into FOLDER: by default $OUT, or the current folder. PYTHON=... chooses the interpreter.
set -euo pipefail
out=$(realpath "${OUT:-.}")
cd "$(dirname "$0")/.."
if [[ -z ${PYTHON:-} ]]; then
  PYTHON=python3
  [[ -x .venv/bin/python ]] && PYTHON=.venv/bin/python
fi
exec "$PYTHON" -m benchmarks.gpu --out "$out" "$@"
