"""Writes pytorch/*: state_dicts saved by torch.save in both formats, and the same values as safetensors.

    python3 make_pytorch.py
"""
import collections
import os

import torch

import tensorfile

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytorch")
os.makedirs(FOLDER, exist_ok=True)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
state = collections.OrderedDict([
    ("whole", base),
    ("transposed", base.t()),
    ("inner", base[1:3, 2:5]),
    ("every.second", base.reshape(-1)[1::2]),
    ("parameter", torch.nn.Parameter(torch.tensor([[1.5, -2.25]]))),
    ("double", torch.tensor([3.141592653589793], dtype=torch.float64)),
    ("half", torch.tensor([1, -0.5, 65504], dtype=torch.float16)),
    ("bfloat", torch.tensor([1, -0.5, 3.0], dtype=torch.bfloat16)),
    ("long", torch.tensor(-2 ** 62)),
    ("int", torch.arange(6, dtype=torch.int32).reshape(1, 2, 3)),
    ("short", torch.tensor([-32768, 32767], dtype=torch.int16)),
    ("sbyte", torch.tensor([-128, 127], dtype=torch.int8)),
    ("byte", torch.tensor([0, 255], dtype=torch.uint8)),
    ("bool", torch.tensor([True, False, True])),
    ("empty", torch.zeros(0, 3)),
])
state._metadata = collections.OrderedDict([("", {"version": 1}), ("layer", {"version": 2})])
torch.save(state, os.path.join(FOLDER, "state.pth"))
torch.save(state, os.path.join(FOLDER, "legacy.pth"), _use_new_zipfile_serialization=False)
torch.save(dict(state), os.path.join(FOLDER, "protocol4.pth"), pickle_protocol=4)
# A checkpoint of a training program: the weights are one of its entries.
optimizer = {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "nesterov": True, "params": [0], "foreach": None}]}
for name, zipped in [("checkpoint.pth", True), ("legacy-checkpoint.pth", False)]:
    checkpoint = {"epoch": 7, "arch": "resnet18", "state_dict": state, "best_acc1": torch.tensor(76.1), "optimizer": optimizer}
    torch.save(checkpoint, os.path.join(FOLDER, name), _use_new_zipfile_serialization=zipped)
# A whole model, which needs its class.
torch.save(torch.nn.Linear(2, 3), os.path.join(FOLDER, "module.pth"))
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), os.path.join(FOLDER, "script.pt"))
values = {name: (value.detach().float() if value.dtype == torch.bfloat16 else value.detach()).contiguous().numpy() for name, value in state.items()}
tensorfile.write(os.path.join(FOLDER, "values.safetensors"), values)
