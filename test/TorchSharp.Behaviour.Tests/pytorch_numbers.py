"""Prints PyTorch's own numbers for what the tests beside this file cannot state in closed form. Run with any PyTorch; seeds give the same draws on every CPU."""
import torch
import torch.nn.functional as F

def show(name, tensor):
    print(name, [round(v, 6) for v in torch.as_tensor(tensor, dtype=torch.float64).flatten().tolist()])

def seeded(seed, make):
    torch.manual_seed(seed)
    return make().detach()

show("rand", seeded(42, lambda: torch.rand(3)))
show("randn", seeded(42, lambda: torch.randn(3)))
show("randint", seeded(42, lambda: torch.randint(0, 100, (4,))))
show("randperm", seeded(42, lambda: torch.randperm(5)))
show("generator", torch.rand(2, generator=torch.Generator().manual_seed(7)))
torch.manual_seed(0)
linear = torch.nn.Linear(2, 2)
show("linear weight", linear.weight.detach())
show("linear bias", linear.bias.detach())
torch.manual_seed(0)
conv = torch.nn.Conv2d(1, 1, 2)
show("conv weight", conv.weight.detach())
show("conv bias", conv.bias.detach())
show("kaiming_normal fan_out relu", seeded(0, lambda: torch.nn.init.kaiming_normal_(torch.empty(2, 2), mode="fan_out", nonlinearity="relu")))
show("xavier_uniform", seeded(0, lambda: torch.nn.init.xavier_uniform_(torch.empty(2, 2))))
show("dropout", seeded(3, lambda: F.dropout(torch.ones(8), 0.5)))
x = torch.arange(6.0).view(2, 3)
show("cross entropy, smoothing 0.1", F.cross_entropy(x, torch.tensor([0, 2]), label_smoothing=0.1))
show("cross entropy, distribution", F.cross_entropy(x, torch.tensor([[0.5, 0.5, 0], [0, 0, 1.0]])))
a = torch.arange(16.0).view(1, 1, 4, 4)
show("bilinear 2x2", F.interpolate(a, size=(2, 2), mode="bilinear", align_corners=False))
show("bilinear 3x3 corners", F.interpolate(a, size=(3, 3), mode="bilinear", align_corners=True))
show("nearest by 0.5", F.interpolate(a, scale_factor=0.5))
turn = torch.tensor([[[0.0, -1, 0], [1, 0, 0]]])
show("quarter turn", F.grid_sample(a, F.affine_grid(turn, (1, 1, 4, 4), align_corners=False), align_corners=False))
for name, optimizer in {
    "sgd": lambda p: torch.optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "adam": lambda p: torch.optim.Adam([p], lr=0.1, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW([p], lr=0.1, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop([p], lr=0.1, alpha=0.9, weight_decay=0.01, momentum=0.9),
    "rmsprop centered": lambda p: torch.optim.RMSprop([p], lr=0.1, alpha=0.9, centered=True),
}.items():
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    o = optimizer(p)
    for _ in range(3):
        o.zero_grad()
        (p * p).sum().backward()
        o.step()
    show(name, p.detach())
