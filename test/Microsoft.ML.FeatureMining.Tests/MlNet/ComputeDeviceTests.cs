using Microsoft.ML.FeatureMining.MlNet;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData(null, false, 0, DeviceType.CPU, 0)]
    [InlineData(null, false, 2, DeviceType.CPU, 0)]
    [InlineData(1, false, 2, DeviceType.CUDA, 0)]
    [InlineData(2, true, 2, DeviceType.CPU, 1)]
    [InlineData(0, true, 0, DeviceType.CPU, 1)]
    [InlineData(-1, true, 1, DeviceType.CPU, 1)]
    public void Choose_GpuOrNot_ReturnsTheGpuIfItExists(int? wanted, bool fallback, int count, DeviceType expected, int warnings)
    {
        List<string> warned = [];

        torch.Device device = ComputeDevice.Choose(wanted, fallback, count, warned.Add);

        Assert.Equal(expected, device.type);
        Assert.Equal(expected == DeviceType.CUDA ? wanted : device.index, device.index);
        Assert.Equal(warnings, warned.Count);
    }

    [Fact]
    public void Choose_MissingGpuWithoutFallback_Throws() =>
        Assert.Throws<InvalidOperationException>(() => ComputeDevice.Choose(0, fallback: false, gpuCount: 0, _ => { }));
}
