#!/usr/bin/env bash
# search.sh OUT : the model-based search of `sweep` beside the random one at the same budget: the best validation accuracy after 40 trials of 3 epochs each, cifar-resnet-8 on handwritten
# digits, seeds 1 to REPEATS (10). The first 10 trials of a seed are the same for both. Prints means and the paired t; what is done in OUT is not done again.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
out=$1
cd "$(dirname "$0")/.."
samples() { ${SAMPLES:-dotnet run -c Release --project src/Samples --} "$@"; }
mkdir -p "$out"
[ -d "$out/digits" ] || samples digits --out "$out/digits"
echo "seed,sampler,best" > "$out/best.csv"
for seed in $(seq 1 "${REPEATS:-10}"); do
  for sampler in Random TreeParzen; do
    samples sweep --images "$out/digits/train" --backbone cifar-resnet-8 --size 8 --channels 1 --epochs 3 --no-flip --padding 1 --threads 1 --seed "$seed" \
      --sampler "$sampler" --trials 40 --min-epochs 0 --folder "$out/$sampler-$seed" --csv "$out/$sampler-$seed.csv" \
      --vary LearningRate=0.0001:3:log WeightDecay=0.000001:0.1:log Optimizer.Momentum=0.5:0.99 Loss.LabelSmoothing=0:0.5 BatchSize=16,32,64,128 > "$out/$sampler-$seed.log"
    # The best of all trials, whichever came how far.
    awk -F, -v seed="$seed" -v sampler="$sampler" 'NR > 1 && $4 > best { best = $4 } END { printf "%s,%s,%s\n", seed, sampler, best }' "$out/$sampler-$seed.csv" >> "$out/best.csv"
    # The journal is enough to go on with.
    rm -rf "$out/$sampler-$seed/runs"
  done
done
awk -F, 'NR > 1 { n[$2]++; sum[$2] += $3; square[$2] += $3 * $3; by[$1, $2] = $3 }
  END {
    for (sampler in n) { mean = sum[sampler] / n[sampler]; printf "%-11s n %d  mean %.4f  sd %.4f\n", sampler, n[sampler], mean, sqrt((square[sampler] - n[sampler] * mean * mean) / (n[sampler] - 1)) }
    for (seed = 1; seed <= n["Random"]; seed++) { d = by[seed, "TreeParzen"] - by[seed, "Random"]; total += d; squares += d * d; wins += d > 0; losses += d < 0 }
    m = n["Random"]; mean = total / m; sd = sqrt((squares - m * mean * mean) / (m - 1))
    printf "difference  mean %.4f  sd %.4f  paired t %.2f (%d degrees of freedom)  better %d, worse %d of %d\n", mean, sd, mean / (sd / sqrt(m)), m - 1, wins, losses, m
  }' "$out/best.csv"
