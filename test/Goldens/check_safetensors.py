"""Reads a safetensors file and prints its tensors. Uses the safetensors package if it is installed (Debian: python3-safetensors), otherwise the reader of tensorfile.py.

    python3 check_safetensors.py model/weights.safetensors
"""
import sys

import numpy as np

try:
    from safetensors.numpy import load_file as read
    reader = "safetensors"
except ImportError:
    from tensorfile import read
    reader = "tensorfile.py"

tensors = read(sys.argv[1])
print(f"{len(tensors)} tensors, {sum(t.nbytes for t in tensors.values())} bytes, read by {reader}")
for name, tensor in tensors.items():
    print(f"{name} {tensor.dtype} {list(tensor.shape)} norm {np.linalg.norm(tensor.astype(np.float64)):.6g}")
    assert np.isfinite(tensor.astype(np.float64)).all(), name
