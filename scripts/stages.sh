# Sourced by the other scripts: `stage NAME COMMAND…` runs a command between two lines that say what it is and how long it
# took; `print_stages` lists all of them. The first command that fails ends the script, after the name of its stage.
set -euo pipefail

STAGES=()
STAGE=

stage() {
  local begin=$SECONDS
  STAGE=$1
  shift
  echo "=== $STAGE"
  "$@"  # not behind || or in an if: those would switch off set -e inside a function that is run here
  STAGES+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$STAGE")")
  echo "=== $STAGE: $((SECONDS - begin)) s"
  STAGE=
}

print_stages() {
  printf '%s\n' "${STAGES[@]}"
  printf '%5d s  altogether\n' "$SECONDS"
}

trap '[[ -z $STAGE ]] || echo "=== $STAGE failed" >&2' EXIT
