using static TorchSharp.torch;

namespace TorchSharp.Behaviour.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Net_OneStep_Learns()
    {
        manual_seed(1);
        using var net = nn.Sequential(nn.Conv2d(3, 4, 3, padding: 1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2));
        using Tensor x = randn(2, 3, 8, 8);
        using Tensor y = net.call(x);
        using Tensor loss = nn.functional.cross_entropy(y, tensor(new long[] { 0, 1 }));
        loss.backward();
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "5.weight", "5.bias"], net.state_dict().Keys);
        Assert.All(net.parameters(), p => Assert.NotNull(p.grad));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => ones(2, 3).matmul(ones(2, 3)));
        Assert.Equal(3f, ones(3).sum().item<float>());
    }
}
