# experiment.sh : sourced by the experiments beside it.
# run OUT NAME SEED ARGS... trains with the report OUT/NAME-seed-SEED.json and its log beside it; a run whose report is there, or that another process is at, is left out, so that an
# experiment can be stopped and gone on with, and shared by processes. SAMPLES names another program, THREADS its threads.
run() {
  local out=$1 name=$2 seed=$3
  shift 3
  local report=$out/$name-seed-$seed.json
  local model=--no-model
  [[ " $* " == *" --model "* ]] && model=
  mkdir -p "$out"
  (
    flock -n 9 && [ ! -e "$report" ] || exit 0
    ${SAMPLES:-dotnet run -c Release --project src/Samples --} train "$@" --seed "$seed" --threads "${THREADS:-2}" $model --report "$report" > "${report%.json}.log" 9>&-
  ) 9> "${report%.json}.lock"
}
