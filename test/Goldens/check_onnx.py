"""Checks exported models with ONNX's own checker and shape inference, and prints their operators (Debian: python3-onnx).

    python3 check_onnx.py model.onnx ...

onnx 1.12, which Debian 12 has, does not know opset 18: it rejects the antialias of Resize and the axes of ReduceMean. Give it models with NormalizedFloats and
without test-time augmentation.
"""
import collections
import sys

import onnx

for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(path, full_check=True)
    assert model.graph.output[0].name == "Score" and model.graph.output[1].name == "PredictedLabel"
    operators = collections.Counter(node.op_type for node in model.graph.node)
    print(f"{path}: onnx {onnx.__version__}, opset {model.opset_import[0].version}, {len(model.graph.initializer)} initializers")
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(operators.items())))
