#!/usr/bin/env python3
"""Writes shared-pixels.txt: Pillow's results for some images of data sets that are too large to include.

shared_pixels.py DATA    DATA holds cub-20, tiny-imagenet-50 and voc2007-subset; every 10th or 100th image of each

One line per image: the path below DATA, and the SHA-256 of width, height (little-endian int32) and rows of ImageOps.exif_transpose(im).convert("RGB").
"""
import hashlib
import struct
import sys
from pathlib import Path

from PIL import Image, ImageOps

root = Path(sys.argv[1])
lines = []
for folder, step in (("cub-20/images", 10), ("tiny-imagenet-50/tiny-imagenet-200/train", 100), ("voc2007-subset/VOCdevkit/VOC2007/JPEGImages", 10)):
    files = sorted(path for path in (root / folder).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    for path in files[::step]:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        digest = hashlib.sha256(struct.pack("<ii", *image.size) + image.tobytes()).hexdigest()
        lines.append(f"{path.relative_to(root).as_posix()} {digest}\n")
(Path(__file__).resolve().parent / "shared-pixels.txt").write_text("".join(lines))
