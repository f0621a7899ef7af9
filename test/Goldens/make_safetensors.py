"""Writes safetensors/*.safetensors with the writer of tensorfile.py: every dtype of numpy, in another order than in the header, with metadata.

    python3 make_safetensors.py
"""
import os

import numpy as np

import tensorfile

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors")
os.makedirs(folder, exist_ok=True)
tensorfile.write(os.path.join(folder, "types.safetensors"), {
    "float": np.array([[1.5, -2.25], [3e-5, np.inf]], np.float32),
    "double": np.array([np.pi], np.float64),
    "half": np.array([1, -0.5, 65504], np.float16),
    "long": np.array(-2 ** 62, np.int64),
    "int": np.arange(6, dtype=np.int32).reshape(1, 2, 3),
    "short": np.array([-32768, 32767], np.int16),
    "sbyte": np.array([-128, 127], np.int8),
    "byte": np.array([0, 255], np.uint8),
    "bool": np.array([True, False, True]),
    "empty": np.zeros((0, 3), np.float32),
    "ünïcode \"quoted\"": np.array([7], np.uint8),
}, metadata={"format": "pt", "note": "made without the safetensors package"})
