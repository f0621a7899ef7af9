"""Writes checkpoints/format-1.ckpt as the format defines: magic, version, SHA-256 of the rest, length of the position, position (JSON), tensors (safetensors).

The file must not change: all later versions of the library must read it.
"""
import hashlib
import json
import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkpoints")

POSITION = {
    "epoch": 3,
    "step": 7,
    "streams": {"shuffle": [2**64 - 1, 1, 2, 3], "weights": [4, 5, 6, 7]},
    "sums": {"loss": 0.1 + 0.2, "hits": 17.0, "images": 56},
    "seconds": 1.5,
    "history": [
        {"epoch": 1, "learning_rate": 0.1, "train_loss": 2.5, "train_accuracy": 0.25, "validation_loss": None, "validation_accuracy": None, "seconds": 3.0},
        {"epoch": 2, "learning_rate": 0.1, "train_loss": 1 / 3, "train_accuracy": 0.5, "validation_loss": 0.75, "validation_accuracy": 0.125, "seconds": 3.0},
    ],
    "best": {"accuracy": 0.125, "epoch": 2, "last_rise_accuracy": "-Infinity", "last_rise_epoch": 0},
    "rate_factor": 0.5,
}

TENSORS = [("network/conv1.weight", "F32", [2, 1], bytes(range(1, 9))), ("order", "I32", [1], struct.pack("<i", 1))]


def safetensors(tensors):
    header, offset = {}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<q", len(text)) + text + b"".join(data for _, _, _, data in tensors)


if __name__ == "__main__":
    position = json.dumps(POSITION).encode()
    body = struct.pack("<i", len(position)) + position + safetensors(TENSORS)
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "format-1.ckpt"), "wb") as file:
        file.write(b"MLFMCKPT" + struct.pack("<i", 1) + hashlib.sha256(body).digest() + body)
