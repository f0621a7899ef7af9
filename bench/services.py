#!/usr/bin/env python3
"""Compares the two web services of samples/: with libtorch (WebService) and with ONNX Runtime (OnnxService).

    python3 bench/services.py MODEL.zip IMAGE [--runs 7]

Publishes both for linux-x64, exports the model, and prints the size of the published folders, the seconds from start to listening, the resident memory then (MB of 2^20
bytes), and the wall seconds of `predict` of one image with the zip and with the ONNX file: medians of interleaved runs. Linux only.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def size(folder):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names) / 2**20


def start(program, model):
    began = time.time()
    process = subprocess.Popen(["dotnet", program, "--model", model, "--urls", "http://127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        if not any("Now listening on" in line for line in process.stdout):
            raise SystemExit(f"{program} did not start.")
        seconds = time.time() - began
        with open(f"/proc/{process.pid}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return seconds, resident / 1024
    finally:
        process.kill()
        process.wait()


def publish(project, target, *settings):
    command = ["dotnet", "publish", os.path.join(ROOT, project), "-c", "Release", "-r", "linux-x64", "--self-contained", "false", "-o", target, "-v", "quiet"]
    subprocess.run([*command, *settings], check=True)


def timed(command):
    began = time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.time() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    model = os.path.abspath(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        onnx = os.path.join(folder, "model.onnx")
        for name in ["WebService", "OnnxService"]:
            target = os.path.join(folder, name)
            publish(os.path.join("samples", name), target)
        subprocess.run(["dotnet", "build", os.path.join(ROOT, "src/Samples"), "-c", "Release", "-v", "quiet"], check=True)
        program = ["dotnet", os.path.join(ROOT, "src/Samples/bin/Release/net10.0/Samples.dll")]
        subprocess.run([*program, "export", "--model", model, "--onnx", onnx], check=True)
        starts = {"WebService": [], "OnnxService": []}
        predictions = {"WebService": [], "OnnxService": []}
        for _ in range(arguments.runs):
            for name, file in [("WebService", model), ("OnnxService", onnx)]:
                starts[name].append(start(os.path.join(folder, name, name + ".dll"), file))
                predictions[name].append(timed([*program, "predict", "--model", file, arguments.image]))
        print("| | published MB | start s | resident MB | predict s |\n|---|---|---|---|---|")
        for name in starts:
            seconds, resident = (statistics.median(column) for column in zip(*starts[name]))
            print(f"| {name} | {size(os.path.join(folder, name)):.0f} | {seconds:.2f} | {resident:.0f} | {statistics.median(predictions[name]):.2f} |")


if __name__ == "__main__":
    main()
