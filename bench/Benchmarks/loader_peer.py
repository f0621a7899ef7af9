"""The PyTorch side of the loader benchmark: torchvision's transforms on Pillow images with a DataLoader. The benchmark program sends commands by line.

loader_peer.py cifar BATCH WORKERS           noise in the format of CIFAR: arrays to images, crop with padding 4, flip, normalize
loader_peer.py jpeg BATCH WORKERS FOLDER     one folder of images per class: decode, random resized crop 224, flip, normalize

Reads "go N" lines, loads N batches with persistent workers, and prints the mean seconds per batch. "quit" ends it.
"""
import sys
import time

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision import transforms as T


class Arrays(Dataset):
    def __init__(self, transform):
        self.images = np.random.RandomState(1).randint(0, 256, (16384, 32, 32, 3)).astype(np.uint8)
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), index % 100


class Turn(Sampler):
    """Random indices, one for each image of the turn."""

    def __init__(self, length):
        self.length, self.count = length, 0

    def __iter__(self):
        return iter(torch.randint(0, self.length, (self.count,)).tolist())

    def __len__(self):
        return self.count


def main():
    mode, batch, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    crop = T.RandomCrop(32, padding=4) if mode == "cifar" else T.RandomResizedCrop(224)
    transform = T.Compose([crop, T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])])
    data = Arrays(transform) if mode == "cifar" else torchvision.datasets.ImageFolder(sys.argv[4], transform)
    turn = Turn(len(data))
    loader = DataLoader(data, batch_size=batch, sampler=turn, num_workers=workers, persistent_workers=workers > 0, drop_last=True)
    print(torch.__version__, "torchvision", torchvision.__version__, "Pillow", PIL.__version__, flush=True)
    for line in sys.stdin:
        if line.startswith("quit"):
            break
        turn.count = int(line.split()[1]) * batch
        began = time.perf_counter()
        count = sum(1 for images, labels in loader if images.shape[0] == batch)
        print((time.perf_counter() - began) / count, flush=True)


if __name__ == "__main__":
    main()
