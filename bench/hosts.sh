#!/usr/bin/env bash
# hosts.sh CIFAR [RATE ...] : data-parallel training over a network. Two network namespaces with a virtual cable between them stand for two hosts; `tc` limits the cable to RATE ("1gbit",
# or "none"). One process with one thread in each, steps of two batches of 16 images (CIFAR-100, 20 per class). Prints, per network and rate, the bytes that one host sends per step (counted by
# the interface; the first epoch is subtracted) beside the bytes of all gradients, and the milliseconds of a step beside those of the bytes at that rate. Needs root, iproute2 and Open MPI.
# CIFAR holds train.bin.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
cifar=$(realpath "$1")
shift
[ $# -ge 1 ] || set -- none 10gbit 1gbit
cd "$(dirname "$0")/.."
samples=${SAMPLES:-dotnet $PWD/src/Samples/bin/Release/net10.0/Samples.dll}
out=$(mktemp -d)
a=mlnetfm-a-$$ b=mlnetfm-b-$$
cleanup() { rm -rf "$out"; ip netns del "$a" 2> /dev/null || true; ip netns del "$b" 2> /dev/null || true; }
trap cleanup EXIT
ip netns add "$a"
ip netns add "$b"
ip link add cable netns "$a" type veth peer name cable netns "$b"
for host in "$a 1" "$b 2"; do
    read -r name number <<< "$host"
    ip -n "$name" address add "10.77.0.$number/24" dev cable
    ip -n "$name" link set cable up
    ip -n "$name" link set lo up
done
# What mpirun starts on the other host, as it would with ssh: HOST COMMAND.
cat > "$out/agent" << EOF
#!/usr/bin/env bash
shift
exec ip netns exec $b unshare --uts bash -c "hostname host-b; \$*"
EOF
chmod +x "$out/agent"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
sent() { ip netns exec "$a" cat /sys/class/net/cable/statistics/tx_bytes; }

train() { # NETWORK SIZE EPOCHS: writes the report, and prints the bytes sent
    local before
    before=$(sent)
    ip netns exec "$a" unshare --uts bash -c 'hostname host-a; exec "$@"' - mpirun -n 2 --host 10.77.0.1:1,10.77.0.2:1 --bind-to none \
        --mca plm_rsh_agent "$out/agent" --mca btl tcp,self --mca btl_tcp_if_include cable --mca oob_tcp_if_include cable -x DOTNET_NOLOGO \
        $samples train --cifar100 "$cifar/train.bin" --samples-per-class 20 --epochs "$3" --batch 16 --grad-accum-steps 2 --backbone "$1" --size "$2" \
        --padding 0 --no-model --test-fraction 0 --seed 1 --threads 1 --report "$out/report-$3.json" > "$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
    echo $(($(sent) - before))
}

echo "| network | link | gradients, bytes | sent per step, bytes | ms per step | ms of the bytes |"
echo "|---|---|---|---|---|---|"
for network in "cifar-resnet-20 32" "resnet-18 32"; do
    read -r backbone size <<< "$network"
    for rate in "$@"; do
        for host in "$a" "$b"; do
            ip netns exec "$host" tc qdisc del dev cable root 2> /dev/null || true
            [ "$rate" = none ] || ip netns exec "$host" tc qdisc add dev cable root tbf rate "$rate" burst 1mb latency 50ms
        done
        short=$(train "$backbone" "$size" 1)
        long=$(train "$backbone" "$size" 3)
        python3 - "$out/report-3.json" "$backbone" "$rate" "$short" "$long" << 'PYTHON'
import json, statistics, sys
path, network, rate, short, long = sys.argv[1:]
report = json.load(open(path))
epochs = report["history"]
steps = -(-2000 // 32)
parameters = report["parameters"]
bytes_per_step = (int(long) - int(short)) / (2 * steps)
ms = 1000 * statistics.median(epoch["seconds"] for epoch in epochs[1:]) / steps
units = {"gbit": 1e9, "mbit": 1e6}
wire = "" if rate == "none" else f"{1000 * 8 * bytes_per_step / (float(rate[:-4]) * units[rate[-4:]]):.0f}"
print(f"| {network} | {rate} | {4 * parameters:,} | {bytes_per_step:,.0f} | {ms:.0f} | {wire} |", flush=True)
PYTHON
    done
done
